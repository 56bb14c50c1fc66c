namespace MetricLearning

open TorchSharp

/// The similarity of each row to the nearest other row of its label, by blocks.
module internal NearestPositives =

    // Of classes of one size, by their rows (n × c) and members (n × c).
    let private put (atOnce: int64) (unit: torch.Tensor) (members: torch.Tensor) (nearest: torch.Tensor) : unit =
        let classes, size = members.size 0, members.size 1

        let rows =
            unit.index_select(0L, members.reshape [| -1L |]).view(classes, size, unit.size 1)

        let block = max 1L (atOnce / (classes * size))

        for first in 0L .. block .. size - 1L do
            use _ = torch.NewDisposeScope()
            let count = min block (size - first)
            let ofBlock (all: torch.Tensor) = all.narrow (1L, first, count)
            let similarities = (ofBlock rows).bmm(rows.transpose (1L, 2L))

            similarities.narrow(2L, first, count).diagonal(0L, 1L, 2L).fill_(Numeric.scalar -infinity)
            |> ignore

            nearest.index_copy_ (0L, (ofBlock members).reshape [| -1L |], similarities.amax([| 2L |]).reshape [| -1L |])
            |> ignore

    /// The cosine similarities (N) for rows (N × D, finite) with these labels, in at least 32 bits; −∞ for a row that is alone with its
    /// label. So many numbers are computed at once, as far as may be.
    let similarities (atOnce: int64) (embeddings: torch.Tensor) (labels: int64[]) : torch.Tensor =
        let rows, _ = KnnInput.alike embeddings embeddings
        let unit = CosineSimilarity().MaybeNormalize rows

        let nearest =
            torch.full ([| unit.size 0 |], Numeric.scalar -infinity, dtype = unit.dtype, device = unit.device)

        // Small classes are many: those of one size are compared at once.
        let bySize =
            ClassMembers.ofLabels labels
            |> Array.map (fun struct (_, members) -> members)
            |> Array.groupBy Array.length

        for size, classes in bySize do
            if size > 1 then
                let together =
                    atOnce / (int64 size * (unit.size 1 + int64 size))
                    |> max 1L
                    |> min classes.LongLength

                for some in classes |> Array.chunkBySize (int together) do
                    use _ = torch.NewDisposeScope()

                    let members =
                        torch.tensor(Array.concat some, device = unit.device).view(some.LongLength, int64 size)

                    put atOnce unit members nearest

        nearest

namespace MetricLearning.Benchmarks

open TorchSharp
open MetricLearning
open MetricLearning.Core

/// Exact nearest neighbours against one plain matrix product and `topk` over the same tiles, and the memory they take.
module NeighbourBenchmark =

    let private size, k = 128L, 10L

    let private rows (count: int64) : torch.Tensor =
        use generator = new torch.Generator(1UL, torch.CPU)
        torch.randn ([| count; size |], generator = generator)

    let private distances: (string * Distance) list =
        [
            "Euclidean", CustomKNN.SquaredEuclidean.Distance
            "cosine", CosineSimilarity()
        ]

    let private ours (distance: Distance) (k: int64) (embeddings: torch.Tensor) () : unit =
        use found = (CustomKNN distance).Search(embeddings, k, embeddings, true)
        ignore found

    // Tiles of all references, as many queries as a search takes at once.
    let private plain (k: int64) (embeddings: torch.Tensor) () : unit =
        let count = embeddings.size 0
        let tile = CustomKNN.DefaultMaxBytes / 8L / count |> max 1L |> min count
        use references = embeddings.t ()

        for first in 0L .. tile .. count - 1L do
            use _ = torch.NewDisposeScope()
            let scores = (embeddings.narrow (0L, first, min tile (count - first))).mm references
            scores.topk (int k, 1, largest = false) |> ignore

    let private compare (clock: Clock) (quick: bool) (count: int64) : unit =
        use embeddings = rows count

        for name, distance in distances do
            for k in [ k; 10L * k ] do
                Interleaved.compareAfter
                    0.0
                    clock
                    $"{count:N0} rows, {name}, k = {k}"
                    (if k = 10L then Some 1.2 else None)
                    1
                    (if quick then 2
                     elif count > 20000L then 3
                     else 10)
                    0.0
                    (ours distance k embeddings)
                    (plain k embeddings)
                |> Report.line

    let private counts = [ 10000L; 60000L ]

    /// What is done in processes of their own: a search, and the embeddings alone.
    let variants: (string * (unit -> unit)) list =
        [
            for count in counts do
                $"neighbours-{count}",
                fun () ->
                    use embeddings = rows count
                    ours CustomKNN.SquaredEuclidean.Distance k embeddings ()

                $"rows-{count}",
                fun () ->
                    use embeddings = rows count
                    (embeddings + 1.0).Dispose()
        ]

    /// Every row among all others.
    let run (clock: Clock) (quick: bool) : unit =
        Report.compare $"Nearest neighbours of every row, {size} numbers, {clock} time" "library" "mm and topk"
        let counts = if quick then [ 2000L ] else counts

        for count in counts do
            compare clock quick count

        if not quick then
            Report.table
                "Peak memory of a process that searches"
                [ ""; "whole process"; "besides the rows"; "the matrix of all would be" ]

            for count in counts do
                let searched = PeakMemory.ofProcess $"neighbours-{count}"
                let alone = PeakMemory.ofProcess $"rows-{count}"

                Report.row
                    [
                        $"{count:N0} rows"
                        Report.megabytes searched
                        Report.megabytes (searched - alone)
                        Report.megabytes (count * count * 4L)
                    ]

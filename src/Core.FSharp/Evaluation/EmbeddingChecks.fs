namespace MetricLearning

open System
open TorchSharp

/// Gates for embeddings: matrices of finite floating-point numbers, equally wide. Each tensor has the name of the argument that it is.
module internal EmbeddingChecks =

    /// ArgumentException unless these are matrices of floating-point numbers with as many columns.
    let areMatrices (named: struct (string * torch.Tensor) list) : unit =
        for struct (name, embeddings) in named do
            ArgumentNullException.ThrowIfNull(embeddings, name)
            InputChecks.hasData name embeddings

            if embeddings.dim () <> 2L then
                invalidArg
                    name
                    $"{name} has the shape {Shape.show embeddings.shape}: embeddings are a matrix with one row a sample, and a single one is a matrix of one row (unsqueeze(0))."

            if not (embeddings.is_floating_point ()) then
                invalidArg
                    name
                    $"{name} is of {embeddings.dtype}: embeddings are floating-point numbers; convert them (to_type(float32))."

        match named with
        | struct (first, one) :: others ->
            for struct (name, other) in others do
                if other.size 1 <> one.size 1 then
                    invalidArg
                        name
                        $"{first} has rows of {one.size 1} numbers, and {name} of {other.size 1}: only equally wide ones can be compared."
        | [] -> ()

    // A finite sum has finite terms only; one that is not may have overflowed, and says nothing.
    let private mayBeBroken (several: torch.Tensor list) : bool =
        let device = several.Head.device

        let sums =
            several
            |> List.map (fun tensor -> ((Numeric.sum tensor).to_type torch.float64).``to`` device)

        not (
            Double.IsFinite(
                (List.reduce (fun (one: torch.Tensor) (other: torch.Tensor) -> one .+. other) sums).item<float>()
            )
        )

    /// The first row with a number that is not finite, among tensors of at least one dimension: which of them, and which row. Reads
    /// from the device once, unless there is one.
    let firstBroken (several: torch.Tensor list) : struct (int * int64) voption =
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()

        if several.IsEmpty || not (mayBeBroken several) then
            ValueNone
        else
            several
            |> Seq.indexed
            |> Seq.filter (fun (_, tensor) -> tensor.NumberOfElements > 0L)
            |> Seq.tryPick (fun (place, tensor) ->
                let rows = tensor.isfinite().logical_not().reshape(tensor.size 0, -1L).any 1L
                let broken = rows.nonzero ()

                if broken.size 0 = 0L then
                    None
                else
                    Some struct (place, broken[0L, 0L].item<int64>()))
            |> function
                | Some found -> ValueSome found
                | None -> ValueNone

    /// ArgumentException if a number is NaN or infinite.
    let areFinite (named: struct (string * torch.Tensor) list) : unit =
        match firstBroken [ for struct (_, tensor) in named -> tensor ] with
        | ValueNone -> ()
        | ValueSome(struct (place, row)) ->
            let struct (name, _) = named[place]

            invalidArg
                name
                $"Row {row} of {name} has a number that is NaN or infinite: nothing is near or far from it. Look for broken weights, or for such numbers in the data."

    /// Both.
    let areComparable (named: struct (string * torch.Tensor) list) : unit =
        areMatrices named
        areFinite named

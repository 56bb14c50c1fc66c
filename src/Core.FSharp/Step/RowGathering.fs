namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// Bringing the rows of all processes together. Gradients reach those of this process, where it has any.
module internal RowGathering =

    let private describe (tensors: torch.Tensor[]) : int64[] =
        [|
            for tensor in tensors do
                int64 tensor.dtype
                (if tensor.requires_grad then 1L else 0L)
                tensor.dim () - 1L
                yield! tensor.shape[1..]
        |]

    // No rows of what is described.
    let private empty (device: torch.Device) (description: int64[]) : torch.Tensor[] =
        let rec read (left: int64 list) =
            match left with
            | dtype :: gradient :: dimensions :: more ->
                let shape, more = List.splitAt (int dimensions) more
                let dtype: torch.ScalarType = LanguagePrimitives.EnumOfValue(sbyte dtype)

                let tensor =
                    torch.empty (List.toArray (0L :: shape), dtype = dtype, device = device)

                if gradient = 1L then
                    Effects.receiveGradient tensor

                tensor :: read more
            | _ -> []

        read (List.ofArray description) |> List.toArray

    let private show (tensors: torch.Tensor[]) : string =
        tensors
        |> Array.map (fun tensor -> $"{tensor.dtype} {Shape.show tensor.shape}")
        |> String.concat ", "

    let private joined (processes: Processes) (rows: int64[]) (own: torch.Tensor) : torch.Tensor =
        let all = processes.Collective.Gather(own.detach (), rows)

        if not own.requires_grad then
            all
        elif own.size 0 = 0L then
            Effects.receiveGradient all
            all
        else
            let first = Array.sum rows[.. processes.Rank - 1]
            let after = first + rows[processes.Rank]

            torch.cat (
                [|
                    all.narrow (0L, 0L, first)
                    own
                    all.narrow (0L, after, all.size 0 - after)
                |],
                0L
            )

    /// The rows of all processes, in the order of the processes, of as many tensors as each has; and a number that those with rows
    /// give. A process without rows need not know of the tensors.
    /// Raises InvalidOperationException when processes have made rows of different kinds.
    let gather (processes: Processes) device (rows: int64[]) (own: torch.Tensor[]) (number: int) =
        let description = describe own
        let speaker = rows |> Array.findIndex (fun rows -> rows > 0L)

        let told =
            processes.Meeting.Meet(
                Occasion.Rows,
                [| Fingerprint.ofNumbers description; description.LongLength; int64 number |]
            )

        let differs rank =
            rows[rank] > 0L && told[rank] <> told[speaker]

        let length, numbers = told[speaker].[1], told[speaker].[2]

        match [ 0 .. rows.Length - 1 ] |> List.tryFind differs with
        | Some other ->
            $"Process {other + 1} of {rows.Length} and process {speaker + 1} made rows of different kinds; those of this process (number {processes.Rank + 1}) are {show own}. The first half of an iteration must make the same kind of rows of any samples."
            |> System.InvalidOperationException
            |> Failures.known
            |> raise
        | None -> ()

        let own =
            if Array.contains 0L rows then
                use told =
                    torch.tensor (
                        if processes.Rank = speaker then
                            description
                        else
                            Array.zeroCreate (int length)
                    )

                processes.Collective.Broadcast(speaker, told)

                if rows[processes.Rank] = 0L then
                    empty device (told.data<int64>().ToArray())
                else
                    own
            else
                own

        struct (own |> Array.map (joined processes rows), int numbers)

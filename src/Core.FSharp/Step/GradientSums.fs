namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// The gradients of all processes, added, in each of them.
module internal GradientSums =

    /// True for each parameter that has a gradient, group by group.
    let present (handles: Handles) : bool[] =
        [|
            for group in handles.Groups do
                for parameter in group.Parameters do
                    not (isNull (box parameter.grad))
        |]

    // Those that have one in any process.
    let private anywhere (processes: Processes) (own: bool[]) : bool[] =
        let numbers = own |> Array.map (fun isPresent -> if isPresent then 1L else 0L)

        let told =
            processes.Meeting.Meet(Occasion.Gradients, [| Fingerprint.ofNumbers numbers |])

        if told |> Array.forall ((=) told[0]) then
            own
        else
            use counts = torch.tensor numbers
            processes.Collective.Sum counts
            counts.data<int64>().ToArray() |> Array.map (fun count -> count > 0L)

    let private flat (parameters: Modules.Parameter[]) : torch.Tensor =
        torch.cat (
            [|
                for parameter in parameters do
                    match parameter.grad with
                    | null -> torch.zeros_like(parameter).reshape -1L
                    | gradient when gradient.is_sparse ->
                        invalidOp
                            "A parameter has a sparse gradient, which cannot be added over processes. Use layers with sparse=false."
                    | gradient -> gradient.reshape -1L
            |],
            0L
        )

    /// Adds the gradients of all processes, one vector for each group of parameters. `own`: which of them had one in this process, if
    /// only before they were dropped.
    let add (handles: Handles) (processes: Processes) (own: bool[]) : unit =
        use _ = torch.no_grad ()
        let present = anywhere processes own
        let mutable first = 0

        for group in handles.Groups do
            let parameters =
                [|
                    for index in 0 .. group.Parameters.Length - 1 do
                        if present[first + index] then
                            group.Parameters[index]
                |]

            first <- first + group.Parameters.Length

            if parameters.Length > 0 then
                let sum = flat parameters
                processes.Collective.Sum sum
                Effects.giveGradients parameters sum

    /// Gives the buffers of networks (the running statistics of batch norm) the content that they have in the first process.
    let shareBuffers (handles: Handles) (processes: Processes) (buffers: Vector[]) : unit =
        use _ = torch.no_grad ()

        for group, vector in Array.zip handles.Buffers buffers do
            // What losses remember is the same everywhere.
            if group.OfNetworks > 0L then
                use part = vector.Tensor.narrow (0L, 0L, group.OfNetworks)
                processes.Collective.Broadcast(0, part)

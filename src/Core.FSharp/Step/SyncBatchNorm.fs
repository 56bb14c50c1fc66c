namespace MetricLearning

open System
open System.Runtime.CompilerServices
open TorchSharp
open TorchSharp.Modules
open MetricLearning.Core

/// A batch norm layer whose statistics in training are those of the batches of all processes.
[<Sealed>]
type internal SynchronisedLayer(layer: BatchNorm) =
    let mutable isOurs = false

    // Per channel, for what has N rows of C channels of any shape.
    let perChannel (input: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        let ones: int64[] = Array.create (int (input.dim ()) - 2) 1L
        values.reshape (Array.append [| 1L; layer.num_features |] ones)

    let update (mean: torch.Tensor) (variance: torch.Tensor) (count: torch.Tensor) : unit =
        if layer.track_running_stats then
            use _ = torch.no_grad ()
            use _ = torch.NewDisposeScope()
            let tracked = layer.num_batches_tracked |> nonNull
            Effects.overwrite tracked (tracked.plus 1L)

            let weight =
                if layer.momentum.HasValue then
                    layer.momentum.Value
                else
                    1.0 / float (tracked.item<int64>())

            let move (running: torch.Tensor) (found: torch.Tensor) =
                Effects.overwrite running (running .* (1.0 - weight) .+. found.to_type running.dtype .* weight)

            let unbiased = variance * (count / (count .- 1.0))
            move (nonNull layer.running_mean) mean
            move (nonNull layer.running_var) unbiased

    let normalized (given: torch.Tensor) : torch.Tensor =
        // Sums of 16-bit numbers would overflow.
        let input =
            if given.dtype = torch.float16 || given.dtype = torch.bfloat16 then
                given.to_type torch.float32
            else
                given

        let others = [| 0L; yield! seq { 2L .. input.dim () - 1L } |]

        use size =
            torch.full (
                [| 1L |],
                Numeric.scalar (float (input.numel () / layer.num_features)),
                dtype = input.dtype,
                device = input.device
            )

        let sums = SummedOverProcesses.Of(torch.cat ([| input.sum others; size |], 0L))
        let count = sums.narrow(0L, layer.num_features, 1L).detach()
        let mean = sums.narrow (0L, 0L, layer.num_features) / count
        let centered = input - perChannel input mean
        let variance = SummedOverProcesses.Of((centered * centered).sum others) / count
        update (mean.detach ()) (variance.detach ()) count
        let scaled = centered * perChannel input ((variance .+ layer.eps).rsqrt())

        let output =
            if layer.affine then
                scaled * perChannel input layer.weight .+. perChannel input (nonNull layer.bias)
            else
                scaled

        output.to_type given.dtype

    /// The number of its calls in training.
    member val Calls = 0L with get, set

    /// The layer.
    member _.Layer = layer

    // In evaluation mode it leaves its running statistics alone.
    member _.Before(input: torch.Tensor) : torch.Tensor =
        isOurs <- layer.training && Processes.Joined.Count > 1

        if isOurs then
            Effects.setModeOf layer false

        input

    member this.After(input: torch.Tensor, output: torch.Tensor) : torch.Tensor =
        if isOurs then
            isOurs <- false
            Effects.setModeOf layer true
            this.Calls <- this.Calls + 1L
            normalized input
        else
            output

/// Batch norm over several processes.
[<AbstractClass; Sealed>]
type SyncBatchNorm private () =

    static let converted = ConditionalWeakTable<torch.nn.Module, SynchronisedLayer>()

    /// The counterpart of a layer that was converted; null for any other.
    static member internal Find(layer: torch.nn.Module) : SynchronisedLayer | null =
        match converted.TryGetValue layer with
        | true, found -> found
        | _ -> null

    /// <summary>Lets the batch norm layers of a network use the statistics of the whole batch where several processes train together, so that any
    /// number of processes trains as one does. Without it they use the statistics of their own rows.</summary>
    /// <param name="network">The network, which is changed. Its <c>forward</c> must call the layers by <c>call</c>, as a <c>Sequential</c>
    /// does. In evaluation mode, or in a process by itself, nothing changes.</param>
    /// <returns>The same network.</returns>
    static member Convert<'Network when 'Network :> torch.nn.Module>(network: 'Network) : 'Network =
        ArgumentNullException.ThrowIfNull(network, nameof network)

        for layer in Seq.append [ network :> torch.nn.Module ] (network.modules ()) do
            match layer with
            | :? BatchNorm as layer when isNull (SyncBatchNorm.Find layer) ->
                let synchronised = SynchronisedLayer layer
                converted.Add(layer, synchronised)

                layer.register_forward_pre_hook (fun _ input -> synchronised.Before input)
                |> ignore

                layer.register_forward_hook (fun _ input output -> synchronised.After(input, output))
                |> ignore
            | _ -> ()

        network

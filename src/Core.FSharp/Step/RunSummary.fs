namespace MetricLearning

open System
open System.Collections.Generic
open System.Globalization
open System.Text
open TorchSharp
open MetricLearning.Core

/// A network or loss of a run before it trains.
[<NoComparison>]
type PartSummary =
    {
        /// The key of the network or loss.
        Key: string
        /// The name of its class.
        Kind: string
        /// The number of numbers in its parameters.
        Parameters: int64
        /// The number of those that train: an optimizer has them, they let gradients in, and their owner is not frozen.
        Training: int64
        /// The optimizers that step them, each with its learning rates, as text, or the network that they follow; empty for none.
        Optimizers: string
        /// True if `FreezeThese` names it.
        IsFrozen: bool
    }

/// <summary>The parts of a run, and the memory that its state takes: a look before the first step. <c>ToString</c> is a
/// table.</summary>
[<Sealed>]
type RunSummary
    internal
    (
        trainer: string,
        samples: int64,
        device: torch.Device,
        parts: PartSummary[],
        weights: int64,
        gradients: int64,
        slots: int64,
        buffers: int64,
        averages: int64
    ) =

    let bytes (count: int64) : string =
        [ "B"; "KiB"; "MiB"; "GiB" ]
        |> List.indexed
        |> List.tryFind (fun (power, _) -> count < pown 1024L (power + 1))
        |> Option.defaultValue (3, "GiB")
        |> fun (power, unit) ->
            let number = float count / float (pown 1024L power)
            $"""{number.ToString((if power = 0 then "0" else "0.0"), CultureInfo.InvariantCulture)} {unit}"""

    let counted (count: int64) =
        count.ToString("N0", CultureInfo.InvariantCulture)

    /// The trainer's name.
    member _.Trainer = trainer

    /// The number of samples of the data set.
    member _.Samples = samples

    /// Networks and losses.
    member _.Parts: IReadOnlyList<PartSummary> = parts

    /// Bytes of all parameters; shared ones count once.
    member _.WeightBytes = weights

    /// Bytes of the gradients of those that train.
    member _.GradientBytes = gradients

    /// Bytes of the optimizers' slots (momentum, averages of squares, …). An optimizer that keeps its slots to itself counts as none.
    member _.SlotBytes = slots

    /// Bytes of buffers: running statistics, losses' memory.
    member _.BufferBytes = buffers

    /// Bytes of the average of the weights that train, once it has begun; 0 without `WeightAveraging`.
    member _.AverageBytes = averages

    /// The sum of these. Activations and the matrices of a loss come on top: they grow with the batch.
    member _.TotalBytes = weights + gradients + slots + buffers + averages

    override this.ToString() =
        let rows =
            [
                [| ""; ""; "parameters"; "train"; "" |]
                for part in parts do
                    [|
                        part.Key
                        part.Kind
                        counted part.Parameters
                        counted part.Training
                        if part.IsFrozen then "frozen" else part.Optimizers
                    |]
            ]

        let width column =
            rows |> List.map (fun row -> row[column].Length) |> List.max

        let text =
            StringBuilder().AppendLine($"{trainer}, {counted samples} samples, batches on {device}")

        for row in rows do
            $"  {row[0].PadRight(width 0)}  {row[1].PadRight(width 1)}  {row[2].PadLeft(width 2)}  {row[3].PadLeft(width 3)}  {row[4]}"
            |> _.TrimEnd()
            |> text.AppendLine
            |> ignore

        let ofAverage = if averages > 0L then $", average {bytes averages}" else ""

        text
            .AppendLine(
                $"  memory of the state: weights {bytes weights}, gradients {bytes gradients}, optimizers {bytes slots}, buffers {bytes buffers}{ofAverage}: {bytes this.TotalBytes}"
            )
            .Append("  (activations and the losses' matrices come on top; they grow with the batch)")
            .ToString()

/// Summaries of runs.
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal RunSummary =

    let private part (handles: Handles) (rates: Map<string, float[]>) (handle: ModuleHandle) : PartSummary =
        let follower =
            handles.Followers
            |> List.tryFind (fun follower -> follower.Network = handle.Key)

        let isFrozen = handles.RunKeys.Frozen.Contains handle.Key
        let optimizerOf = Dictionary<obj, string>(HashIdentity.Reference)

        for group in handles.Groups do
            match group.Optimizer with
            | Some key ->
                for parameter in group.Parameters do
                    optimizerOf[parameter] <- key
            | None -> ()

        let trains (struct (parameter: Modules.Parameter, usersChoice: bool)) =
            not isFrozen && usersChoice && optimizerOf.ContainsKey parameter

        let count (parameters: struct (Modules.Parameter * bool) seq) =
            parameters |> Seq.sumBy (fun (struct (parameter, _)) -> parameter.numel ())

        let steppedBy =
            handle.Parameters
            |> Seq.filter trains
            |> Seq.map (fun (struct (parameter, _)) -> optimizerOf[parameter])
            |> Seq.distinct
            |> Seq.map (fun key ->
                let numbers =
                    rates[key]
                    |> Array.map (fun rate -> rate.ToString("0.######", CultureInfo.InvariantCulture))

                $"""{key} at {String.Join(", ", numbers)}""")

        {
            Key = handle.Key
            Kind = handle.Module.GetType().Name
            Parameters = count handle.Parameters
            Training = count (Seq.filter trains handle.Parameters)
            Optimizers =
                match follower with
                | Some follower -> $"follows {follower.Leader}"
                | None -> String.Join("; ", steppedBy)
            IsFrozen = isFrozen && follower.IsNone
        }

    let private size (vector: Vector) =
        vector.Tensor.numel () * vector.Tensor.element_size ()

    // Of what moves: all else is its own average.
    let private averageBytes (handles: Handles) : int64 =
        let bytes (layout: Layout) (length: int64) =
            use one = torch.empty ([| 1L |], dtype = RunningAverage.dtypeOf layout.Dtype)
            length * one.element_size ()

        let follows = handles.Following |> Array.map _.Vector |> set

        let moves (index: int, group: ParameterGroup) =
            match group.Optimizer with
            | Some key -> not (handles.RunKeys.Frozen.Contains(Keys.ownerOf key))
            | None -> group.IsRewritten || follows.Contains index

        match handles.Averaging with
        | None -> 0L
        | Some averaging ->
            let ofBuffers (group: BufferGroup) =
                if averaging.TakesBuffers && torch.is_floating_point group.Layout.Dtype then
                    bytes group.Layout group.OfNetworks
                else
                    0L

            (Array.indexed handles.Groups
             |> Array.filter moves
             |> Array.sumBy (fun (_, group) -> bytes group.Layout group.Layout.Length))
            + Array.sumBy ofBuffers handles.Buffers

    /// The summary of a run at a state.
    let ofState (recipe: Recipe) (handles: Handles) (state: TrainingState) : RunSummary =
        let learned = state.Learned

        // What parameters show of weights in float32 is there besides.
        let weightBytes (group: ParameterGroup) (groupState: GroupState) =
            let weights = size groupState.Weights
            if group.IsRounded then weights + weights / 2L else weights

        let trainingBytes (group: ParameterGroup) (groupState: GroupState) =
            match group.Optimizer with
            | None -> 0L
            | Some _ when group.IsRounded -> size groupState.Weights / 2L
            | Some _ -> size groupState.Weights

        RunSummary(
            recipe.Schema.Trainer,
            handles.Loader.Source.Count,
            handles.Device,
            [| for handle in handles.Modules -> part handles state.Progress.Rates handle |],
            Array.map2 weightBytes handles.Groups learned.Groups |> Array.sum,
            Array.map2 trainingBytes handles.Groups learned.Groups |> Array.sum,
            learned.Groups |> Array.sumBy (fun group -> Array.sumBy size group.Slots),
            learned.Buffers |> Array.sumBy size,
            averageBytes handles
        )

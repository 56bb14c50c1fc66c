namespace MetricLearning.Core

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning

/// Everything of a state that is a tensor, by name.
[<ReferenceEquality>]
type internal NamedTensors =
    {
        /// Views of the state's vectors and of `Counts`: `trunk.0.weight`; of optimizers
        /// `trunk_optimizer.exp_avg.trunk.0.weight` and, int64 scalars, `trunk_optimizer.step.trunk.0.weight`.
        Tensors: struct (string * torch.Tensor)[]
        /// The number of steps of each parameter, group by group; null for a group without optimizer.
        Counts: (torch.Tensor | null)[]
    }

/// Naming what a run has learned. What is made belongs to the caller's dispose scope.
module internal NamedTensors =

    /// The place in the data as numbers: not part of the strings, because a sequence of the user's may be long.
    [<Literal>]
    let Cursor = "progress.cursor"

    /// The number of times that weights were taken into their average, and the tensors that have one of their own.
    [<Literal>]
    let Average = "progress.average"

    let private rule (handles: Handles) (key: string) (group: int) : Rule =
        let handle = handles.Optimizers |> List.find (fst >> (=) key) |> snd
        (Description.rules key handle)[group]

    /// Zeros for everything that a run learns, in the padding what slots start from. `average`: the numbers of an average, empty
    /// without one.
    /// Raises FormatException for numbers that are not those of an average of this run.
    let empty (handles: Handles) (average: int64[]) : Learned =
        let ofPart (group: ParameterGroup) : GroupState =
            {
                Weights = Vector.zeros group.Layout
                Slots =
                    match group.Optimizer with
                    | Some key ->
                        [|
                            for slot in (rule handles key group.Index).Slots -> Vector.full group.Layout slot.Fill
                        |]
                    | None -> [||]
                Counts = Array.zeroCreate group.Parameters.Length
            }

        let groups, buffers = handles.Groups.Length, handles.Buffers.Length

        let average =
            if average.Length = 0 then
                RunningAverage.none groups buffers
            else
                let kind = handles.Averaging |> Option.map _.Kind |> Option.defaultValue ""

                match
                    RunningAverage.zeros
                        kind
                        [| for group in handles.Groups -> struct (group.Layout, group.Layout.Length) |]
                        [| for group in handles.Buffers -> struct (group.Layout, group.OfNetworks) |]
                        average
                with
                | Some average -> average
                | None -> raise (FormatException "they are not those of an average of this run's weights")

        new Learned(
            Array.map ofPart handles.Groups,
            [| for group in handles.Buffers -> Vector.zeros group.Layout |],
            average
        )

    /// All tensors of what was learned, in an order that depends on the handles only.
    let ofLearned (handles: Handles) (learned: Learned) : NamedTensors =
        let taken = Dictionary<string, int>()

        // Parameters that no module knows are all called the same.
        let unique (name: string) =
            match taken.TryGetValue name with
            | true, count ->
                taken[name] <- count + 1
                $"{name}#{count + 1}"
            | _ ->
                taken[name] <- 1
                name

        let tensors = ResizeArray()

        let add (name: string) (tensor: torch.Tensor) =
            tensors.Add(struct (unique name, tensor))

        let addVector (prefix: string) (layout: Layout) (vector: Vector) =
            for slot in layout.Slots do
                add (prefix + slot.Name) (Layout.view slot vector.Tensor)

        for group, groupState in Array.zip handles.Groups learned.Groups do
            addVector "" group.Layout groupState.Weights

        for group, vector in Array.zip handles.Buffers learned.Buffers do
            addVector "" group.Layout vector

        let counts =
            Array.zip handles.Groups learned.Groups
            |> Array.map (fun (group, groupState) ->
                match group.Optimizer with
                | None -> null
                | Some key ->
                    for slot, vector in Array.zip ((rule handles key group.Index).Slots) groupState.Slots do
                        addVector $"{key}.{slot.Name}." group.Layout vector

                    let counts = torch.tensor groupState.Counts

                    group.Layout.Slots
                    |> Array.iteri (fun index slot -> add $"{key}.step.{slot.Name}" (counts.select (0L, int64 index)))

                    counts)

        if learned.Average.Count > 0L then
            add Average (torch.tensor (RunningAverage.toNumbers learned.Average))

            let groups = [| for group in handles.Groups -> group.Layout |]
            let buffers = [| for group in handles.Buffers -> group.Layout |]

            for struct (slot, vector) in RunningAverage.places groups buffers learned.Average do
                add $"average.{slot.Name}" (Layout.view slot vector.Tensor)

        {
            Tensors = tensors.ToArray()
            Counts = counts
        }

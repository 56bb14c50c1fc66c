namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// The average of one group of weights in an iteration.
[<NoEquality; NoComparison>]
type internal Approach =
    {
        /// The average, which may be written.
        Average: Vector
        /// The share of the new weights in it; null where they are not taken.
        Share: Tensor | null
        /// Memory for the weights in the average's type; null where they have that type.
        Converted: Tensor | null
    }

/// The average after an iteration, but for the new weights of groups.
[<NoEquality; NoComparison>]
type internal NextAverage =
    {
        Kind: string
        Count: int64
        /// ValueNone: the average is the weights.
        Groups: Approach voption[]
        /// Null: the average is the buffers.
        Buffers: (Vector | null)[]
    }

/// Taking weights into their average: one flat operation for each group that has moved since the first were taken.
module internal AverageStep =

    /// The share of new numbers in a mean: on the CPU, from where kernels of every device take a single number without waiting.
    let share (dtype: ScalarType) (share: float) : Tensor =
        torch.tensor (share, dtype = dtype, device = torch.CPU)

    let private shareIn (average: Vector) (ofNew: float voption) : Tensor | null =
        match ofNew with
        | ValueSome ofNew -> share average.Tensor.dtype ofNew
        | ValueNone -> null

    // What was constant until now was its own average.
    let private begun (workspace: Workspace) (vector: Vector) (numbers: int64) : Vector =
        let content = (Workspace.before workspace vector).narrow(0L, 0L, numbers)

        content.``to`` (RunningAverage.dtypeOf content.dtype, copy = true)
        |> Workspace.own workspace

    let private ofGroup workspace (share: float voption) (average: Vector | null) hasMoved (weights: Vector) =
        let converted (average: Vector) : Tensor | null =
            if share.IsSome && average.Tensor.dtype <> weights.Tensor.dtype then
                torch.empty_like average.Tensor
            else
                null

        let approach (average: Vector) =
            ValueSome
                {
                    Average = average
                    Share = shareIn average share
                    Converted = converted average
                }

        match average with
        | null when not hasMoved -> ValueNone
        | null -> approach (begun workspace weights (weights.Tensor.numel ()))
        | average when share.IsSome -> approach (Workspace.writable workspace average)
        | average -> approach (Workspace.passOn workspace average)

    /// Takes numbers into their mean, in place. A mask has infinities, which have no mean: they are copied.
    let takeFinite (numbers: Tensor) (share: Tensor | null) (average: Tensor) : unit =
        match share with
        | null -> ()
        | share ->
            let numbers = numbers.to_type average.dtype
            average.lerp_ (numbers, share) |> ignore
            average.copy_ (torch.where (average.isfinite (), average, numbers)) |> ignore

    // Buffers are what they will be before the step, which may yet be refused.
    let private ofBuffers workspace (share: float voption) (group: BufferGroup) (average: Vector | null) (index: int) =
        let before, after = workspace.Before.Buffers[index], workspace.Buffers[index]

        let average =
            match average with
            | null -> begun workspace before group.OfNetworks
            | average -> Workspace.writable workspace average

        Workspace.keep workspace average
        takeFinite (after.Tensor.narrow (0L, 0L, group.OfNetworks)) (shareIn average share) average.Tensor
        average

    let private isAveraged (averaging: WeightAveraging) (group: BufferGroup) : bool =
        averaging.TakesBuffers
        && group.OfNetworks > 0L
        && torch.is_floating_point group.Layout.Dtype

    let private untaken (workspace: Workspace) (kind: string) (count: int64) : NextAverage =
        {
            Kind = kind
            Count = count
            Groups = Array.create workspace.Before.Groups.Length ValueNone
            Buffers = Array.create workspace.Before.Buffers.Length null
        }

    let private taken (handles: Handles) workspace (averaging: WeightAveraging) (isDue: bool) (moves: GroupMove[]) =
        let before = (workspace: Workspace).Before
        let average = before.Average
        let follows = handles.Following |> Array.map _.Vector |> set

        let share =
            if isDue then
                ValueSome(averaging.Share average.Count)
            else
                ValueNone

        {
            Kind = averaging.Kind
            Count = if isDue then average.Count + 1L else average.Count
            Groups =
                moves
                |> Array.mapi (fun index move ->
                    let hasMoved =
                        not move.IsStill || handles.Groups[index].IsRewritten || follows.Contains index

                    ofGroup workspace share average.Groups[index] hasMoved before.Groups[index].Weights)
            Buffers =
                handles.Buffers
                |> Array.mapi (fun index group ->
                    if isAveraged averaging group then
                        ofBuffers workspace share group average.Buffers[index] index
                    else
                        null)
        }

    /// Before a step, which writes weights in place: takes all memory that the average needs.
    let prepare
        (handles: Handles)
        (workspace: Workspace)
        (progress: Progress)
        endsEpoch
        (moves: GroupMove[])
        : NextAverage =
        use _ = no_grad ()

        match handles.Averaging with
        | None -> untaken workspace "" 0L
        | Some averaging ->
            let isDue = averaging.IsDue(progress.Epoch, endsEpoch, progress.Steps + 1L)

            if workspace.Before.Average.Count > 0L then
                taken handles workspace averaging isDue moves
            else
                untaken workspace averaging.Kind (if isDue then 1L else 0L)

    let private take (weights: Tensor) (approach: Approach) : unit =
        match approach.Share with
        | null -> ()
        | share ->
            let weights =
                match approach.Converted with
                | null -> weights
                | converted -> converted.copy_ weights

            approach.Average.Tensor.lerp_ (weights, share) |> ignore

    /// After a step, when nothing may fail any more: takes the new weights.
    let finish (prepared: NextAverage) (groups: GroupState[]) : RunningAverage =
        let settled (approach: Approach voption) (group: GroupState) : Vector | null =
            match approach with
            | ValueNone -> null
            | ValueSome approach ->
                take group.Weights.Tensor approach
                approach.Average

        {
            Kind = prepared.Kind
            Count = prepared.Count
            Groups = Array.map2 settled prepared.Groups groups
            Buffers = prepared.Buffers
        }

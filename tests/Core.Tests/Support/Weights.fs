module MetricLearning.Core.Tests.Support.Weights

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// Numbers that look random and are the same on every machine, from −1 to 1.
let noise (seed: int64) (count: int64) : float[] =
    let seed = Seed.ofInt64 seed

    Array.init (int count) (fun index -> float (Seed.bits (int64 index) seed >>> 11) / float (1L <<< 52) - 1.0)

let size (shape: int64[]) : int64 = Array.fold (*) 1L shape

let tensor (seed: int64) (dtype: torch.ScalarType) (shape: int64[]) : torch.Tensor =
    use _ = torch.NewDisposeScope()
    torch.tensor(noise seed (size shape)).reshape(shape).``to``(dtype).MoveToOuterDisposeScope()

let parameter (seed: int64) (dtype: torch.ScalarType) (shape: int64[]) : Modules.Parameter =
    new Modules.Parameter(tensor seed dtype shape)

let values (tensor: torch.Tensor) : float[] =
    use _ = torch.NewDisposeScope()
    tensor.detach().``to``(torch.float64).flatten().contiguous().data<float>().ToArray()

/// The largest difference between two tensors' elements; infinite where one is not a number.
let distance (left: torch.Tensor) (right: torch.Tensor) : float =
    Array.map2 (fun a b -> if Double.IsNaN(a - b) then infinity else abs (a - b)) (values left) (values right)
    |> Array.fold max 0.0

/// Weights, slots and counts of one parameter group, as the engine keeps them.
type internal Group =
    {
        Rule: Rule
        Rate: float
        Layout: Layout
        Update: FlatUpdate
        Weights: Vector
        Slots: Vector[]
        mutable Counts: int64[]
    }

    interface IDisposable with
        member this.Dispose() =
            this.Weights.Release()

            for slot in this.Slots do
                slot.Release()

            (this.Update :> IDisposable).Dispose()

let internal groupWith (update: Layout -> FlatUpdate) (rule: Rule) (rate: float) (weights: torch.Tensor[]) : Group =
    let layout =
        Layout.ofTensors (weights |> Array.mapi (fun index weights -> struct ($"p{index}", weights)))

    {
        Rule = rule
        Rate = rate
        Layout = layout
        Update = update layout
        Weights = Vector.ofTensors layout weights
        Slots = [| for slot in rule.Slots -> Vector.full layout slot.Fill |]
        Counts = Array.zeroCreate weights.Length
    }

let internal group (rule: Rule) (rate: float) (weights: torch.Tensor[]) : Group =
    groupWith (fun layout -> new FlatUpdate(layout)) rule rate weights

/// Stepped by libtorch alone, in chunks of this many elements; a parameter that is larger is cut.
let internal plain (chunk: int64) (rule: Rule) (rate: float) (weights: torch.Tensor[]) : Group =
    groupWith (fun layout -> new FlatUpdate(layout, chunk)) { rule with OnePass = None } rate weights

let internal step (group: Group) (gradients: (torch.Tensor | null)[]) : unit =
    use _ = torch.NewDisposeScope()

    group.Counts <-
        group.Update.Run(
            group.Rule,
            group.Rate,
            group.Counts,
            group.Update.Prepare(group.Counts, gradients),
            group.Slots |> Array.map (fun slot -> slot.Tensor),
            group.Weights.Tensor
        )

/// What one parameter's place in a flat vector shows.
let internal place (group: Group) (vector: Vector) (index: int) : torch.Tensor =
    Layout.view group.Layout.Slots[index] vector.Tensor

/// One parameter's weights.
let internal shown (group: Group) (index: int) : torch.Tensor = place group group.Weights index

/// A parameter's weights after ten steps from `start`.
let internal tenSteps (rule: Rule) (rate: float) (start: torch.Tensor) : float[] =
    use group = group rule rate [| start |]

    for time in 1L .. 10L do
        step group [| tensor (100L + time) torch.float64 start.shape |]

    values (shown group 0)

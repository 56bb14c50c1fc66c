namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// The calls in which networks compute in another precision than that of their weights.
[<AbstractClass; Sealed>]
type private Regions =
    /// The number of such calls that this thread is in.
    [<ThreadStatic; DefaultValue>]
    static val mutable private depth: int

    static member Depth
        with get () = Regions.depth
        and set value = Regions.depth <- value

/// Forward passes of networks in a precision: the only place where it is switched on.
module internal Autocast =

    /// The type that layers compute with; None for that of their weights.
    let dtypeOf (precision: Precision) : ScalarType option =
        match precision with
        | Precision.BFloat16 -> Some ScalarType.BFloat16
        | Precision.Float16 -> Some ScalarType.Float16
        | _ -> None

    /// The mistake in a precision that was given under this name, where libtorch has autocast or has not.
    let mistakeOf (isThere: bool) (argument: string) (precision: Precision) : string option =
        if not (Enum.IsDefined precision) then
            Some $"{argument} is {precision:d}; it must be Precision.Float32, BFloat16 or Float16."
        elif (dtypeOf precision).IsSome && not isThere then
            Some
                $"{argument} is {precision}, which needs autocast, and the libtorch that is loaded ({torch.__version__}) has none that can be reached. Use Precision.Float32, or the libtorch that your version of TorchSharp was made for."
        else
            None

    /// The mistake in a precision that was given under this name, as a sentence; None if there is none.
    let mistake (argument: string) (precision: Precision) : string option =
        mistakeOf (LibtorchAutocast.isThere ()) argument precision

    /// Raises ArgumentException for a precision that cannot be.
    let require (argument: string) (precision: Precision) : unit =
        match mistake argument precision with
        | Some mistake -> invalidArg argument mistake
        | None -> ()

    // Losses, miners and searches compare sums of many products, for which 16 bits are too few.
    let private widened (output: Tensor) : Tensor =
        match box output with
        | null -> output
        | _ -> Numeric.atLeast32 output

    let private under (wanted: LibtorchAutocast) (forward: Tensor[] -> Tensor) (inputs: Tensor[]) : Tensor =
        let output: Tensor option ref = ref None
        Effects.whileAutocasting wanted (fun () -> output.Value <- Some(forward inputs))
        output.Value.Value

    let private rounding (dtype: ScalarType) (forward: Tensor[] -> Tensor) (inputs: Tensor[]) : Tensor =
        Regions.Depth <- Regions.Depth + 1

        try
            under (LibtorchAutocast.rounding dtype) forward inputs |> widened
        finally
            Regions.Depth <- Regions.Depth - 1

    // What is called from within a network of another precision is not of that.
    let private plain (forward: Tensor[] -> Tensor) (inputs: Tensor[]) : Tensor =
        if Regions.Depth > 0 then
            under LibtorchAutocast.off forward inputs
        else
            forward inputs

    /// A network's forward pass in a precision, on the thread that calls it; whatever becomes of the call, libtorch computes as before
    /// after it. In another precision than that of the weights, the output is in 32 bits at least.
    let through (precision: Precision) (forward: Tensor[] -> Tensor) : Tensor[] -> Tensor =
        match dtypeOf precision with
        | Some dtype -> rounding dtype forward
        | None -> plain forward

namespace MetricLearning

open System
open System.Collections.Generic

/// A tensor that differs between a file and a module.
[<NoComparison>]
type TensorDifference =
    {
        /// The tensor in the file.
        InFile: WeightEntry
        /// The tensor in the module.
        InModule: WeightEntry
    }

    /// Both names, shapes and dtypes.
    override difference.ToString() : string =
        let shape (entry: WeightEntry) =
            $"{entry.Dtype} {Shape.show entry.Shape}"

        $"\"{difference.InModule.Name}\" is {shape difference.InFile} in the file, {shape difference.InModule} in the module"

/// The outcome of loading weights into a module, tensor by tensor.
[<Sealed>]
type LoadReport
    internal
    (
        matched: string[],
        converted: TensorDifference[],
        missing: string[],
        unexpected: string[],
        mismatched: TensorDifference[],
        leftOut: string[],
        ignored: IReadOnlyList<string>
    ) =

    let some (what: string) (names: string seq) : string option =
        let count = Seq.length names

        if count = 0 then
            None
        else
            let shown = String.Join(", ", Seq.truncate 6 names)
            let more = if count > 6 then $", and {count - 6} more" else ""
            Some $"{what}: {shown}{more}"

    /// The module's parameters and buffers that were loaded.
    member _.Matched: IReadOnlyList<string> = matched

    /// The loaded tensors that were converted to the module's dtype.
    member _.Converted: IReadOnlyList<TensorDifference> = converted

    /// The module's parameters and buffers that the file lacks; they are unchanged.
    member _.Missing: IReadOnlyList<string> = missing

    /// The tensors of the file that the module lacks, by their names in the file.
    member _.Unexpected: IReadOnlyList<string> = unexpected

    /// Tensors of equal name that do not fit: of another shape, or fractions for whole numbers. The module's are unchanged.
    member _.Mismatched: IReadOnlyList<TensorDifference> = mismatched

    /// The tensors of the file that the renaming left out.
    member _.LeftOut: IReadOnlyList<string> = leftOut

    /// Classes and functions that a `.pth` file names besides those of tensors; none was used.
    member _.Ignored: IReadOnlyList<string> = ignored

    /// True if every tensor of the file matched one of the module, and the other way round. Batch norms that lack only the count of their
    /// batches (files of PyTorch before 0.4.1) count as complete.
    member _.IsComplete: bool =
        unexpected.Length = 0
        && mismatched.Length = 0
        && missing
           |> Array.forall (fun name -> name.Split('.') |> Array.last = "num_batches_tracked")

    /// The tensors that did not match, in a sentence; empty when all did.
    member internal report.Complaint: string =
        let quoted = Seq.map (fun (name: string) -> $"\"{name}\"")

        [
            some "missing in the file" (quoted missing)
            some "in the file only" (quoted unexpected)
            some "not fitting" (Seq.map string mismatched)
        ]
        |> List.choose id
        |> String.concat "; "

    /// The number of loaded tensors, and the first few names of the others.
    override report.ToString() : string =
        let converted =
            if converted.Length > 0 then
                $" ({converted.Length} converted)"
            else
                ""

        let head = $"{matched.Length} tensors loaded{converted}"
        let complaint = report.Complaint
        if complaint = "" then head else $"{head}; {complaint}"

namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic

/// A tensor that is not the same in a file and in a module.
[<NoComparison>]
type TensorDifference =
    {
        /// What the file has.
        InFile: WeightEntry
        /// What the module has.
        InModule: WeightEntry
    }

    /// Both names, shapes and dtypes.
    override difference.ToString() : string =
        let shape (entry: WeightEntry) =
            $"{entry.Dtype} {Shape.show entry.Shape}"

        $"\"{difference.InModule.Name}\" is {shape difference.InFile} in the file, {shape difference.InModule} in the module"

/// What became of the tensors of a file and of a module when the one was loaded into the other.
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

    /// Those of them whose numbers were converted to the module's dtype.
    member _.Converted: IReadOnlyList<TensorDifference> = converted

    /// The module's parameters and buffers that are not in the file; they are as they were.
    member _.Missing: IReadOnlyList<string> = missing

    /// The tensors of the file that the module does not have, by their names in the file.
    member _.Unexpected: IReadOnlyList<string> = unexpected

    /// Tensors of the same name that do not fit: of another shape, or fractions for whole numbers. The module's are as they were.
    member _.Mismatched: IReadOnlyList<TensorDifference> = mismatched

    /// The tensors of the file that the renaming left out.
    member _.LeftOut: IReadOnlyList<string> = leftOut

    /// The classes and functions that a `.pth` file names besides those of tensors; nothing was made of them.
    member _.Ignored: IReadOnlyList<string> = ignored

    /// Whether every tensor of the file and every one of the module found the other. Batch norms that lack nothing but the
    /// count of their batches (files of PyTorch before 0.4.1 do) are complete.
    member _.IsComplete: bool =
        unexpected.Length = 0
        && mismatched.Length = 0
        && missing
           |> Array.forall (fun name -> name.Split('.') |> Array.last = "num_batches_tracked")

    /// What is not as it should be, in a sentence; empty when nothing is.
    member internal report.Complaint: string =
        let quoted = Seq.map (fun (name: string) -> $"\"{name}\"")

        [
            some "missing in the file" (quoted missing)
            some "in the file only" (quoted unexpected)
            some "not fitting" (Seq.map string mismatched)
        ]
        |> List.choose id
        |> String.concat "; "

    /// How many tensors were loaded, and the first few names of all others.
    override report.ToString() : string =
        let converted =
            if converted.Length > 0 then
                $" ({converted.Length} converted)"
            else
                ""

        let head = $"{matched.Length} tensors loaded{converted}"
        let complaint = report.Complaint
        if complaint = "" then head else $"{head}; {complaint}"

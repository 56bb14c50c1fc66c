namespace MetricLearning.Core

open System
open System.IO
open System.Security.Cryptography
open System.Text

/// The labels that the classes 0, 1, … of a run stand for, as a checkpoint keeps them: what is learned of a class belongs to its label.
type internal ClassNames =
    {
        /// The number of classes; 0 where labels are their own numbers.
        Count: int
        /// The labels of the first classes: as many as are short together.
        First: string list
        /// The hash of all labels in their order.
        Digest: string
    }

/// Comparing the classes of two runs.
module internal ClassNames =

    // A million classes shall not make a file of names.
    [<Literal>]
    let private Characters = 65536

    // JSON takes no half of a surrogate pair.
    let private wellFormed (name: string) : string =
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes name)

    let private digest (names: string[]) : string =
        use memory = new MemoryStream()
        use writer = new BinaryWriter(memory)

        for name in names do
            writer.Write name.Length
            writer.Write(Encoding.Unicode.GetBytes name)

        memory.Position <- 0L
        Convert.ToHexStringLower(SHA256.HashData memory)

    /// The classes with these labels, in the order of their numbers.
    let ofLabels (names: string[]) : ClassNames =
        let ends =
            names |> Seq.scan (fun sum name -> sum + int64 name.Length) 0L |> Seq.tail

        {
            Count = names.Length
            First =
                Seq.zip names ends
                |> Seq.takeWhile (fun (_, sum) -> sum <= int64 Characters)
                |> Seq.map (fst >> wellFormed)
                |> List.ofSeq
            Digest = digest names
        }

    let private show (classes: ClassNames) : string =
        if classes.Count = 0 then
            "whole numbers that stay as they are"
        else
            $"{classes.Count} classes in order"

    let private firstOther (written: ClassNames) (here: ClassNames) : string =
        let shared = min written.First.Length here.First.Length

        match
            List.zip (List.truncate shared written.First) (List.truncate shared here.First)
            |> List.tryFindIndex (fun (one, other) -> one <> other)
        with
        | Some place -> $"its class {place} is \"{written.First[place]}\", here it is \"{here.First[place]}\""
        | None when written.Count <> here.Count -> $"its labels are {show written}, here they are {show here}"
        | None -> $"its classes from {shared} on have other labels than here"

    /// The difference between the classes of a checkpoint and those of a run, in words; None when they are the same.
    let difference (written: ClassNames) (here: ClassNames) : string option =
        if written.Digest = here.Digest then
            None
        else
            Some
                $"{firstOther written here}, and what was learned of a class would go to another (DatasetLabels with the labels that it was trained on keeps their numbers)"

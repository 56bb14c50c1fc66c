namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp

/// What a fixture or the library says about one thing.
type Value =
    /// Numbers, row major, and their shape; a number alone has the shape [].
    | Numbers of shape: int64 list * values: float[]
    | Text of string
    /// Nothing: a gradient that was never made.
    | Absent

/// One thing that both sides say something about.
type Fact =
    {
        Where: string
        Theirs: Value
        Ours: Value
    }

/// Facts of the usual kinds.
[<RequireQualifiedAccess>]
module Fact =

    let number (where: string) (theirs: JsonElement) (ours: float) : Fact =
        {
            Where = where
            Theirs = Numbers([], [| Json.number theirs |])
            Ours = Numbers([], [| ours |])
        }

    let numbers (where: string) (theirs: JsonElement) (ours: float seq) : Fact =
        let ours = Array.ofSeq ours

        {
            Where = where
            Theirs = Numbers(Json.shape theirs, Json.numbers theirs)
            Ours = Numbers([ ours.LongLength ], ours)
        }

    /// A tensor; null on either side is nothing.
    let tensor (where: string) (theirs: JsonElement) (ours: torch.Tensor | null) : Fact =
        {
            Where = where
            Theirs =
                match Json.isNull theirs with
                | true -> Absent
                | false -> Numbers(Json.shape theirs, Json.numbers theirs)
            Ours =
                match ours with
                | null -> Absent
                | ours -> Numbers(List.ofArray ours.shape, Tensors.values ours)
        }

    let text (where: string) (theirs: string) (ours: string) : Fact =
        {
            Where = where
            Theirs = Text theirs
            Ours = Text ours
        }

    let truth (where: string) (theirs: bool) (ours: bool) : Fact = text where $"%b{theirs}" $"%b{ours}"

    /// Numbers of theirs that we have nothing for.
    let missing (where: string) (theirs: JsonElement) : Fact =
        {
            Where = where
            Theirs = Numbers(Json.shape theirs, Json.numbers theirs)
            Ours = Absent
        }

    /// Something that must hold, whatever the fixture's numbers.
    let holds (what: string) (ours: bool) : Fact = truth what true ours

    /// Index vectors of equal length as a set of tuples.
    let tupleSet (where: string) (theirs: float[] list) (ours: float[] list) : Fact =
        let rows (columns: float[] list) : Value =
            let rows =
                match columns with
                | [] -> [||]
                | first :: _ -> Array.init first.Length (fun row -> [ for column in columns -> column[row] ])
                |> Array.distinct
                |> Array.sort

            Numbers([ rows.LongLength; int64 columns.Length ], rows |> Array.collect Array.ofList)

        {
            Where = where
            Theirs = rows theirs
            Ours = rows ours
        }

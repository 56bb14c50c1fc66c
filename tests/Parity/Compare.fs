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

/// The first place where the two sides differ.
type Difference =
    {
        At: string
        Theirs: string
        Ours: string
    }

    override difference.ToString() =
        $"%s{difference.At}: theirs %s{difference.Theirs}, ours %s{difference.Ours}"

/// |ours − theirs| ≤ tolerance · max(1, |theirs|); NaN equals NaN, and an infinity itself.
[<RequireQualifiedAccess>]
module Compare =

    /// For float64 computations, unless a case says otherwise.
    let defaultTolerance = 1e-9

    let private close (tolerance: float) (theirs: float) (ours: float) : bool =
        theirs = ours
        || (System.Double.IsNaN theirs && System.Double.IsNaN ours)
        || abs (ours - theirs) <= tolerance * max 1.0 (abs theirs)

    let private describe (value: Value) : string =
        match value with
        | Numbers([], [| one |]) -> one.ToString "R"
        | Numbers(shape, _) -> $"numbers of shape %A{shape}"
        | Text text -> $"\"%s{text}\""
        | Absent -> "nothing"

    // [3,2] for the flat position 8 of a tensor with three columns.
    let private position (shape: int64 list) (flat: int) : string =
        let folder size (rest, places) =
            rest / size, string (rest % size) :: places

        match shape with
        | [] -> ""
        | shape ->
            let _, places = List.foldBack folder shape (int64 flat, [])
            $"""[%s{String.concat "," places}]"""

    let private difference (tolerance: float) (fact: Fact) : Difference option =
        match fact.Theirs, fact.Ours with
        | Numbers(shape, theirs), Numbers(shape', ours) when shape = shape' && theirs.Length = ours.Length ->
            Array.forall2 (close tolerance) theirs ours
            |> not
            |> function
                | false -> None
                | true ->
                    let index =
                        Array.findIndex (fun (t, o) -> not (close tolerance t o)) (Array.zip theirs ours)

                    Some
                        {
                            At = fact.Where + position shape index
                            Theirs = theirs[index].ToString "R"
                            Ours = $"""%s{ours[index].ToString "R"} (off by %.1e{abs (ours[index] - theirs[index])})"""
                        }
        | Text theirs, Text ours when theirs = ours -> None
        | Absent, Absent -> None
        | theirs, ours ->
            Some
                {
                    At = fact.Where
                    Theirs = describe theirs
                    Ours = describe ours
                }

    /// The first difference among facts, in their order.
    let first (tolerance: float) (facts: Fact list) : Difference option =
        List.tryPick (difference tolerance) facts

    /// How many numbers (or texts) the facts compare.
    let count (facts: Fact list) : int =
        facts
        |> List.sumBy (fun fact ->
            match fact.Theirs with
            | Numbers(_, values) -> values.Length
            | _ -> 1)

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

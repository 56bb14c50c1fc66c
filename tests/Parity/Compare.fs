namespace MetricLearning.Parity

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
        || (System.Double.IsFinite theirs
            && abs (ours - theirs) <= tolerance * max 1.0 (abs theirs))

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
            Array.zip theirs ours
            |> Array.tryFindIndex (fun (theirs, ours) -> not (close tolerance theirs ours))
            |> Option.map (fun index ->
                {
                    At = fact.Where + position shape index
                    Theirs = theirs[index].ToString "R"
                    Ours = $"""%s{ours[index].ToString "R"} (off by %.1e{abs (ours[index] - theirs[index])})"""
                })
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

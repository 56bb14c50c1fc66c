namespace MetricLearning.Parity

open System
open System.Text.Json
open TorchSharp

/// One case of a fixture file.
type Case =
    {
        Group: string
        Id: string
        Tolerance: float
        /// Runs the library and notes each fact as it comes; where the reference ends in an error, it ends in one too.
        Run: (Fact -> unit) -> unit
        /// The exception that the reference ends in, if it does.
        Error: JsonElement option
    }

type Verdict =
    /// With so many numbers compared.
    | Passed of numbers: int
    | Failed of Difference
    /// Needs parts that do not exist yet.
    | Skipped of missing: string

[<RequireQualifiedAccess>]
module Case =

    // Of a case in steps, the last one's.
    let private errorOf (json: JsonElement) : JsonElement option =
        let last =
            match Json.trySome "steps" json with
            | Some steps -> Array.last (Json.items steps)
            | None -> json

        Json.trySome "expected" last |> Option.bind (Json.trySome "error")

    let ofJson (group: string) (run: (Fact -> unit) -> JsonElement -> unit) (json: JsonElement) : Case =
        {
            Group = group
            Id = Json.text (Json.field "id" json)
            Tolerance =
                match Json.trySome "suggested_tolerance" json with
                | Some tolerance -> Json.number tolerance
                | None -> Compare.defaultTolerance
            Run = fun note -> run note json
            Error = errorOf json
        }

    // What a user can act upon: an exception about arguments or state, with words.
    let private isClear (error: exn) : bool =
        let fitting =
            match error with
            | :? ArgumentException
            | :? InvalidOperationException
            | :? NotSupportedException -> true
            // A value that the parameter's type cannot even express.
            | NotConvertible _ -> true
            | _ -> false

        fitting && error.Message.Contains ' '

    let private failed (at: string) (theirs: string) (ours: string) : Verdict =
        Failed
            {
                At = at
                Theirs = theirs
                Ours = ours
            }

    let private describe (error: exn) : string =
        match error with
        | NotConvertible message -> message
        // libtorch's messages go on with where in libtorch it happened.
        | error -> $"%s{error.GetType().Name}: %s{error.Message.Split('\n')[0]}"

    // Theirs and ours both end in an error, or neither does.
    let private judgeEnd (theirs: JsonElement option) (ours: exn option) (numbers: int) : Verdict =
        let type' (json: JsonElement) = Json.text (Json.field "type" json)

        match theirs, ours with
        | _, Some(MissingPart part) -> Skipped part
        // An argument that the reference refuses as well.
        | Some theirs, Some(UnknownArgument _) when type' theirs = "TypeError" -> Passed(numbers + 1)
        | _, Some(UnknownArgument part) -> Skipped part
        | None, None -> Passed numbers
        | None, Some error -> failed "end" "no error" (describe error)
        | Some theirs, None -> failed "end" (type' theirs) "no error"
        | Some _, Some error when isClear error -> Passed(numbers + 1)
        | Some theirs, Some error -> failed "end" (type' theirs) (describe error)

    /// Runs a case in a scope of its own; nothing it throws escapes.
    let run (case: Case) : Verdict =
        use _ = torch.NewDisposeScope()
        let facts = ResizeArray<Fact>()

        let ours =
            try
                case.Run facts.Add
                None
            with error ->
                Some error

        let facts = List.ofSeq facts

        match Compare.first case.Tolerance facts with
        | Some difference -> Failed difference
        | None -> judgeEnd case.Error ours (Compare.count facts)

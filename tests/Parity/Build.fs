namespace MetricLearning.Parity

open System
open System.Reflection
open System.Text.Json
open TorchSharp

/// What a constructor or method is given: a fixture's value, or an object made here.
type Argument =
    | Given of JsonElement
    | Made of obj

/// From the specs of fixtures ({"type", "args"}) to objects, by reflection: classes and arguments are found by their
/// names, in any spelling, so that a class added later needs no word here.
[<RequireQualifiedAccess>]
module Build =

    // What Python calls otherwise than we or TorchSharp do.
    let private synonyms =
        [
            "lr", "learningRate"
            "in", "inputSize"
            "out", "outputSize"
            "ref_emb", "refEmbeddings"
            "indices_tuple", "tuples"
        ]

    let private takes (argument: string) (parameter: ParameterInfo) : bool =
        let name = nonNull parameter.Name

        Library.sameName argument name
        || synonyms
           |> List.exists (fun (theirs, ours) -> theirs = argument && Library.sameName ours name)

    let private takesArgument (method: MethodBase) (argument: string) : bool =
        method.GetParameters() |> Array.exists (takes argument)

    // Whether a method knows all the names, and can do without the parameters that are not given.
    let private fits (given: (string * Argument) list) (method: MethodBase) : bool =
        given |> List.forall (fst >> takesArgument method)
        && method.GetParameters()
           |> Array.forall (fun parameter ->
               parameter.IsOptional
               || given |> List.exists (fun (name, _) -> takes name parameter))

    let private arguments
        (build: JsonElement -> obj)
        (given: (string * Argument) list)
        (method: MethodBase)
        : objnull[] =
        method.GetParameters()
        |> Array.map (fun parameter ->
            match given |> List.tryFind (fun (name, _) -> takes name parameter) with
            | None -> Type.Missing
            | Some(_, Given json) -> Convert.value build parameter.ParameterType json
            | Some(_, Made value) -> Convert.ofObject parameter.ParameterType value)

    let private invokeWith (method: MethodBase) (target: objnull) (arguments: objnull[]) : objnull =
        let flags = BindingFlags.OptionalParamBinding

        Library.unwrapped (fun () ->
            match method with
            | :? ConstructorInfo as constructor -> constructor.Invoke(flags, null, arguments, null)
            | method -> method.Invoke(target, flags, null, arguments, null))

    let private unknown (part: string) (candidates: MethodBase list) (given: (string * Argument) list) : exn =
        let names = given |> List.map fst

        let strangers =
            names
            |> List.filter (fun name -> not (candidates |> List.exists (fun candidate -> takesArgument candidate name)))

        let named = if strangers.IsEmpty then names else strangers
        UnknownArgument $"""%s{part}(%s{String.concat ", " named})"""

    // The first candidate that takes all the given arguments by name and value.
    let private call
        (build: JsonElement -> obj)
        (part: string)
        (candidates: MethodBase list)
        (target: objnull)
        (given: (string * Argument) list)
        : objnull =
        let rec attempt (fitting: MethodBase list) =
            match fitting with
            | [] -> raise (unknown part candidates given)
            | [ last ] -> invokeWith last target (arguments build given last)
            | first :: rest ->
                match
                    (try
                        Some(arguments build given first)
                     with NotConvertible _ ->
                         None)
                with
                | Some arguments -> invokeWith first target arguments
                | None -> attempt rest

        attempt (candidates |> List.filter (fits given))

    let private methods (part: string) (found: MethodInfo seq) : MethodBase list =
        match found |> Seq.cast<MethodBase> |> List.ofSeq with
        | [] -> raise (MissingPart part)
        | found -> found

    let private own (spec: JsonElement) : (string * Argument) list =
        [
            for name, value in Json.members (Json.field "args" spec) -> name, Given value
        ]

    /// The object of one of TorchSharp's factories (those of torch.nn, torch.optim, torch.optim.lr_scheduler), from a
    /// spec and what it does not say.
    let rec ofFactory (factories: Type) (also: (string * Argument) list) (spec: JsonElement) : obj =
        let name = Json.text (Json.field "type" spec)
        let part = $"torch's %s{name}"

        let candidates =
            factories.GetMethods(BindingFlags.Public ||| BindingFlags.Static)
            |> Seq.filter (fun candidate -> candidate.Name = name)
            |> methods part

        nonNull (call ofSpec part candidates null (also @ own spec))

    /// An instance of a public class of the library.
    and construct (target: Type) (given: (string * Argument) list) : obj =
        let constructors = target.GetConstructors() |> Seq.cast<MethodBase> |> List.ofSeq
        nonNull (call ofSpec target.Name constructors null given)

    /// The object of a spec, with arguments besides its own where the class takes them.
    and ofSpecWith (also: (string * Argument) list) (spec: JsonElement) : obj =
        let name = Json.text (Json.field "type" spec)

        match Library.tryType name with
        | Some target ->
            let wanted (argument: string, _) =
                target.GetConstructors()
                |> Array.exists (fun constructor -> takesArgument constructor argument)

            construct target (own spec @ List.filter wanted also)
        | None when not (isNull (typeof<torch.nn>.GetMethod name)) -> ofFactory typeof<torch.nn> [] spec
        | None -> raise (MissingPart name)

    /// The object of a spec: a class of the library, or else a module of torch.nn.
    and ofSpec (spec: JsonElement) : obj = ofSpecWith [] spec

    /// Calls a public method by its name in any spelling.
    let invoke (method: string) (target: obj) (given: (string * Argument) list) : objnull =
        let part = $"%s{target.GetType().Name}.%s{method}"

        let candidates =
            target.GetType().GetMethods()
            |> Seq.filter (fun candidate -> Library.sameName candidate.Name method)
            |> methods part

        call ofSpec part candidates target given

namespace MetricLearning.Parity

open System
open System.Reflection
open System.Text.Json
open TorchSharp

/// What a constructor or method is given.
type Argument =
    /// A fixture's value.
    | Given of JsonElement
    /// An object made here.
    | Made of obj
    /// Null.
    | Nothing
    /// Something to call, for a parameter of any delegate type.
    | Function of (objnull[] -> objnull)
    /// Objects made here, for a parameter that is a dictionary from strings.
    | Entries of (string * obj) list

/// Arguments by their documented names.
type Arguments = (string * Argument) list

/// From the specs of fixtures ({"type", "args"}) to objects, by reflection: classes and arguments are found by their
/// names, in any spelling, so that a class added later needs no word here.
[<RequireQualifiedAccess>]
module Build =

    // The documented classes that are PyTorch's own.
    let private ofTorch = [ typeof<Modules.CrossEntropyLoss> ]

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

    let private settable (name: string) (target: Type) : PropertyInfo option =
        target.GetProperties()
        |> Array.tryFind (fun found -> Library.sameName name found.Name && found.CanWrite)

    let private takesArgument (method: MethodBase) (argument: string) : bool =
        method.GetParameters() |> Array.exists (takes argument)

    let private find (parameter: ParameterInfo) (arguments: Arguments) : Argument option =
        arguments
        |> List.tryFind (fun (name, _) -> takes name parameter)
        |> Option.map snd

    // Whether a method knows all the given names, and can do without what is neither given nor at hand.
    let private fits (given: Arguments) (also: Arguments) (method: MethodBase) : bool =
        given |> List.forall (fst >> takesArgument method)
        && method.GetParameters()
           |> Array.forall (fun parameter -> parameter.IsOptional || (find parameter (given @ also)).IsSome)

    let private valueOf (build: JsonElement -> obj) (target: Type) (argument: Argument) : objnull =
        match argument with
        | Given json -> Convert.value build target json
        | Made value -> Convert.ofObject target value
        | Nothing -> null
        | Function run -> Delegates.make target run
        | Entries entries -> Convert.ofEntries target entries

    let private values (build: JsonElement -> obj) (arguments: Arguments) (method: MethodBase) : objnull[] =
        method.GetParameters()
        |> Array.map (fun parameter ->
            match find parameter arguments with
            | None when parameter.HasDefaultValue -> Type.Missing
            | None -> null
            | Some argument -> valueOf build parameter.ParameterType argument)

    let private invokeWith (method: MethodBase) (target: objnull) (values: objnull[]) : objnull =
        let flags = BindingFlags.OptionalParamBinding

        Library.unwrapped (fun () ->
            match method with
            | :? ConstructorInfo as constructor -> constructor.Invoke(flags, null, values, null)
            | method -> method.Invoke(target, flags, null, values, null))

    let private unknown (part: string) (candidates: MethodBase list) (given: Arguments) : exn =
        let names = given |> List.map fst

        let strangers =
            names
            |> List.filter (fun name -> not (candidates |> List.exists (fun candidate -> takesArgument candidate name)))

        let named = if strangers.IsEmpty then names else strangers
        UnknownArgument $"""%s{part}(%s{String.concat ", " named})"""

    // The candidate with most parameters that takes all the given arguments by name and value; `also` is for those
    // of its parameters that are not given.
    let private call
        (build: JsonElement -> obj)
        (part: string)
        (candidates: MethodBase list)
        (target: objnull)
        (given: Arguments)
        (also: Arguments)
        : objnull =
        let rec attempt (fitting: MethodBase list) =
            match fitting with
            | [] -> raise (unknown part candidates given)
            | [ last ] -> invokeWith last target (values build (given @ also) last)
            | first :: rest ->
                match
                    (try
                        Some(values build (given @ also) first)
                     with NotConvertible _ ->
                         None)
                with
                | Some values -> invokeWith first target values
                | None -> attempt rest

        candidates
        |> List.filter (fits given also)
        |> List.sortByDescending _.GetParameters().Length
        |> attempt

    let private methods (part: string) (found: MethodInfo seq) : MethodBase list =
        match found |> Seq.cast<MethodBase> |> List.ofSeq with
        | [] -> raise (MissingPart part)
        | found -> found

    /// The fields of a JSON object as arguments.
    let arguments (json: JsonElement) : Arguments =
        [
            for name, value in Json.members json do
                name, Given value
        ]

    /// What one of TorchSharp's factories makes (those of torch.optim, torch.optim.lr_scheduler).
    let rec ofFactory (factories: Type) (name: string) (given: Arguments) : obj =
        let part = $"torch's %s{name}"

        let candidates =
            factories.GetMethods(BindingFlags.Public ||| BindingFlags.Static)
            |> Seq.filter (fun candidate -> candidate.Name = name)
            |> methods part

        nonNull (call ofSpec part candidates null given [])

    /// An instance of a public class of the library, or of a loss of torch.nn, by its documented name: arguments that no
    /// constructor takes are properties. `also` is for parameters and properties that are not given.
    and construct (name: string) (given: Arguments) (also: Arguments) : obj =
        let isNamed (target: Type) = target.Name = name

        match Library.tryType name |> Option.orElse (List.tryFind isNamed ofTorch) with
        | Some target ->
            let constructors = target.GetConstructors() |> Seq.cast<MethodBase> |> List.ofSeq

            let isProperty (argument: string, _) =
                not (
                    constructors
                    |> List.exists (fun constructor -> takesArgument constructor argument)
                )
                && (settable argument target).IsSome

            let properties, direct = List.partition isProperty given
            let made = nonNull (call ofSpec name constructors null direct also)

            let isGiven (argument: string) =
                given |> List.exists (fst >> (=) argument)

            for argument, value in properties @ List.filter (fst >> isGiven >> not) (List.filter isProperty also) do
                set argument value made

            made
        | None -> raise (MissingPart name)

    // Null leaves the default.
    and private set (name: string) (argument: Argument) (target: obj) : unit =
        match settable name (target.GetType()), argument with
        | _, Nothing -> ()
        | _, Given json when Json.isNull json -> ()
        | Some found, argument ->
            Library.unwrapped (fun () -> found.SetValue(target, valueOf ofSpec found.PropertyType argument))
        | None, _ -> raise (UnknownArgument $"%s{target.GetType().Name}(%s{name})")

    /// The object of a spec.
    and ofSpec (spec: JsonElement) : obj =
        construct (Json.text (Json.field "type" spec)) (arguments (Json.field "args" spec)) []

    /// An object whose properties are set to the given arguments; its class has a constructor without parameters.
    let withProperties (target: Type) (given: Arguments) : obj =
        let made = nonNull (Activator.CreateInstance target)

        for name, argument in given do
            match settable name target with
            | Some found -> found.SetValue(made, valueOf ofSpec found.PropertyType argument)
            | None -> raise (UnknownArgument $"%s{target.Name}(%s{name})")

        made

    /// An instance of a class some of whose arguments are properties of its constructor's parameter `options`.
    let constructFromOptions (name: string) (given: Arguments) : obj =
        let constructor =
            (Library.typeNamed name).GetConstructors()
            |> Array.tryFind (fun candidate -> takesArgument candidate "options")

        match constructor with
        | None -> construct name given []
        | Some constructor ->
            let direct, others =
                given
                |> List.partition (fun (argument, _) -> takesArgument constructor argument)

            let options =
                (constructor.GetParameters() |> Array.find (takes "options")).ParameterType

            construct name (("options", Made(withProperties options others)) :: direct) []

    /// Calls a public method by its name in any spelling. `also` is for parameters that are not given.
    let invoke (method: string) (target: obj) (given: Arguments) (also: Arguments) : objnull =
        let part = $"%s{target.GetType().Name}.%s{method}"

        let candidates =
            target.GetType().GetMethods()
            |> Seq.filter (fun candidate -> Library.sameName candidate.Name method)
            |> methods part

        call ofSpec part candidates target given also

    /// Calls a public method by its name in any spelling with objects in the order of its parameters.
    let invokeInOrder (method: string) (target: obj) (values: obj list) : unit =
        let candidates =
            target.GetType().GetMethods()
            |> Seq.filter (fun candidate ->
                Library.sameName candidate.Name method
                && candidate.GetParameters().Length = values.Length)
            |> methods $"%s{target.GetType().Name}.%s{method}"

        invokeWith candidates.Head target (Array.ofList values) |> ignore

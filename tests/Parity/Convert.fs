namespace MetricLearning.Parity

open System
open System.Collections
open System.Collections.Generic
open System.Reflection
open System.Runtime.CompilerServices
open System.Text.Json
open TorchSharp

/// A value that cannot be what a parameter wants: a text that is no case of an enumeration, say.
exception NotConvertible of message: string

/// From a fixture's values to what a parameter's type wants.
[<RequireQualifiedAccess>]
module Convert =

    let private refuse (json: JsonElement) (target: Type) : 'T =
        let text = json.GetRawText()
        raise (NotConvertible $"%s{text[.. min 60 (text.Length - 1)]} is no %s{target.Name}")

    // The T of IReadOnlyList<T>, T[], IEnumerable<T> …
    let private elementOf (target: Type) : Type option =
        let arguments = target.GetGenericArguments()

        if target.IsArray then
            Option.ofObj (target.GetElementType())
        elif arguments.Length = 1 && target.IsAssignableFrom(arguments[0].MakeArrayType()) then
            Some arguments[0]
        else
            None

    // The T of a dictionary from strings to T, and a class of it that can be filled.
    let private dictionaryOf (target: Type) : (Type * Type) option =
        let isDictionary (candidate: Type) =
            candidate.IsGenericType
            && typeof<IEnumerable>.IsAssignableFrom candidate
            && candidate.GetGenericArguments().Length = 2
            && candidate.GetGenericArguments() |> Array.head = typeof<string>

        target :: List.ofArray (target.GetInterfaces())
        |> List.tryFind isDictionary
        |> Option.map (fun candidate ->
            let value = candidate.GetGenericArguments() |> Array.last

            value,
            if target.IsClass then
                target
            else
                typedefof<Dictionary<_, _>>.MakeGenericType(typeof<string>, value))

    let private implicitInto (target: Type) (source: Type) : MethodInfo option =
        Seq.append (target.GetMethods()) (source.GetMethods())
        |> Seq.tryFind (fun candidate ->
            candidate.Name = "op_Implicit"
            && target.IsAssignableFrom candidate.ReturnType
            && (candidate.GetParameters() |> Array.head).ParameterType.IsAssignableFrom source)

    /// An object as it is, or through an implicit conversion of its type or the target's.
    let ofObject (target: Type) (value: obj) : objnull =
        if target.IsInstanceOfType value then
            value
        else
            match implicitInto target (value.GetType()) with
            | Some convert -> Library.unwrapped (fun () -> convert.Invoke(null, [| value |]))
            | None -> raise (NotConvertible $"a %s{value.GetType().Name} is no %s{target.Name}")

    let private isNumeric (target: Type) : bool =
        Array.contains target [| typeof<int>; typeof<int64>; typeof<float32>; typeof<float> |]

    let private tryNumber (target: Type) (json: JsonElement) : objnull option =
        match Json.tryNumber json with
        | Some number when target = typeof<float> -> Some(box number)
        | Some number when target = typeof<float32> -> Some(box (float32 number))
        | Some number when target = typeof<int> && Double.IsInteger number -> Some(box (int number))
        | Some number when target = typeof<int64> && Double.IsInteger number -> Some(box (int64 number))
        | _ -> None

    let private enumeration (target: Type) (json: JsonElement) : obj =
        match Enum.GetNames target |> Array.tryFind (Library.sameName (Json.text json)) with
        | Some name -> Enum.Parse(target, name)
        | None -> refuse json target

    let private scalar (target: Type) (json: JsonElement) : objnull =
        match json.ValueKind with
        | JsonValueKind.True
        | JsonValueKind.False when target = typeof<bool> -> box (json.GetBoolean())
        | JsonValueKind.String when target.IsEnum -> enumeration target json
        | JsonValueKind.String -> ofObject target (Json.text json)
        | JsonValueKind.Number when Json.isIntegral json -> ofObject target (json.GetInt32())
        | JsonValueKind.Number -> ofObject target (json.GetDouble())
        | _ -> refuse json target

    let private fill (concrete: Type) (entries: (string * objnull) list) : objnull =
        let filled = nonNull (Activator.CreateInstance concrete) :?> IDictionary

        for name, item in entries do
            filled.Add(name, item)

        filled

    /// A fixture's value as an instance of a type; `build` makes the objects of specs. Null is null, and "all" is null
    /// where a number is wanted.
    let rec value (build: JsonElement -> obj) (target: Type) (json: JsonElement) : objnull =
        match Nullable.GetUnderlyingType target with
        | null when Json.isNull json && not target.IsValueType -> null
        | null -> present build target json
        | _ when Json.isNull json -> null
        | inner when
            isNumeric inner
            && json.ValueKind = JsonValueKind.String
            && (tryNumber inner json).IsNone
            ->
            if Json.text json = "all" then null else refuse json inner
        | inner -> present build inner json

    and private present (build: JsonElement -> obj) (target: Type) (json: JsonElement) : objnull =
        match tryNumber target json, json.ValueKind with
        | Some number, _ -> number
        | None, JsonValueKind.Object when (Json.tryField "type" json).IsSome -> ofObject target (build json)
        | None, JsonValueKind.Object -> dictionary build target json
        | None, JsonValueKind.Array when target = typeof<torch.Tensor> -> Tensors.any json
        | None, JsonValueKind.Array -> list build target json
        | None, _ -> scalar target json

    and private list (build: JsonElement -> obj) (target: Type) (json: JsonElement) : objnull =
        let items = Json.items json
        let types = target.GetGenericArguments()

        match elementOf target with
        | Some element ->
            let array = Array.CreateInstance(element, items.Length)

            items
            |> Array.iteri (fun index item -> array.SetValue(value build element item, index))

            array
        | None when typeof<ITuple>.IsAssignableFrom target && types.Length = items.Length ->
            Activator.CreateInstance(target, Array.map2 (value build) types items)
        | None -> refuse json target

    and private dictionary (build: JsonElement -> obj) (target: Type) (json: JsonElement) : objnull =
        match dictionaryOf target with
        | None -> refuse json target
        | Some(element, concrete) ->
            fill concrete [ for name, item in Json.members json -> name, value build element item ]

    /// Objects as a dictionary from strings, or a class made of one.
    let ofEntries (target: Type) (entries: (string * obj) list) : objnull =
        match dictionaryOf target with
        | None -> raise (NotConvertible $"a dictionary is no %s{target.Name}")
        | Some(element, concrete) -> fill concrete [ for name, item in entries -> name, ofObject element item ]

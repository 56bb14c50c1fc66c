/// Arguments of any type, right and wrong ones.
module MetricLearning.Endurance.Values

open System
open System.Collections.Generic
open System.Linq.Expressions
open System.Reflection
open TorchSharp
open MetricLearning

let private isNullable (kind: Type) =
    not kind.IsValueType || not (isNull (Nullable.GetUnderlyingType kind))

let private nullability = NullabilityInfoContext()

let private allowsNull (parameter: ParameterInfo) =
    nullability.Create(parameter).WriteState <> NullabilityState.NotNull

// Records and unions of F#.
let private isPlain (kind: Type) =
    kind.GetCustomAttributes<CompilationMappingAttribute>()
    |> Seq.exists (fun mapping ->
        match mapping.SourceConstructFlags &&& SourceConstructFlags.KindMask with
        | SourceConstructFlags.RecordType
        | SourceConstructFlags.SumType -> true
        | _ -> false)

let private isModule (kind: Type) =
    kind.GetCustomAttributes<CompilationMappingAttribute>()
    |> Seq.exists (fun mapping ->
        mapping.SourceConstructFlags &&& SourceConstructFlags.KindMask = SourceConstructFlags.Module)

let private pick (random: Random) (choices: 'Item[]) : 'Item = choices[random.Next choices.Length]

let private tensor (random: Random) : torch.Tensor =
    let rows = pick random [| 0L; 1L; 3L; 24L; 24L; 24L; 25L |]
    let columns = pick random [| 0L; 1L; 5L; 5L; 5L; 6L |]

    match random.Next 16 with
    | 0 -> torch.randn (rows, columns, dtype = torch.float64)
    | 1 -> torch.randn (rows)
    | 2 -> torch.randn ([||]: int64[])
    | 3 -> torch.randn (rows, columns, 2L)
    | 4 -> torch.full ([| rows; columns |], Double.NaN.ToScalar())
    | 5 -> torch.randint (4L, [| rows; columns |])
    | 6 -> torch.randint (-2L, 30L, [| rows |])
    | 7
    | 8 -> torch.arange(rows.ToScalar()).remainder(4L.ToScalar())
    | 9 -> torch.zeros ([| rows |], dtype = torch.bool)
    | 10 -> torch.randn (rows, columns, dtype = torch.float16)
    | 11 ->
        let gone = torch.zeros 3L
        gone.Dispose()
        gone
    | 12 -> torch.zeros ([| rows; columns |], device = torch.META)
    | _ -> torch.randn (rows, columns)

let private modules (random: Random) : torch.nn.Module =
    match random.Next 6 with
    | 0 ->
        let gone = torch.nn.Linear(5L, 4L)
        gone.Dispose()
        gone
    | 1 -> torch.nn.CrossEntropyLoss()
    | 2 -> torch.nn.Linear(4L, 4L)
    | 3 -> torch.nn.BatchNorm1d 5L
    | _ -> torch.nn.Linear(5L, 4L)

// A function that returns a value of its type, or throws.
let private func (random: Random) (kind: Type) (value: Type -> obj | null) : obj =
    let invoke = kind.GetMethod "Invoke" |> nonNull

    let parameters =
        invoke.GetParameters()
        |> Array.map (fun parameter -> Expression.Parameter parameter.ParameterType)

    let body: Expression =
        if random.Next 5 = 0 then
            Expression.Throw(Expression.Constant(TimeoutException "of the user's"), invoke.ReturnType)
        elif invoke.ReturnType = typeof<Void> then
            Expression.Empty()
        else
            match value invoke.ReturnType with
            | null -> Expression.Default invoke.ReturnType
            | given -> Expression.Constant(given, invoke.ReturnType)

    Expression.Lambda(kind, body, parameters).Compile()

let private ours: Type[] =
    [|
        typeof<Loss>.Assembly
        typeof<MetricLossOnly>.Assembly
        typeof<ApproximateSearch>.Assembly
    |]
    |> Array.collect (fun assembly -> assembly.GetExportedTypes())
    |> Array.filter (fun kind ->
        not (isNull kind.Namespace)
        && (nonNull kind.Namespace).StartsWith "MetricLearning")

/// All public classes of the library that a caller may use.
let classes: Type[] =
    ours
    |> Array.filter (fun kind ->
        kind.IsClass
        && not kind.ContainsGenericParameters
        && kind.Namespace = "MetricLearning"
        // Modules of F#, which F# code alone calls.
        && not (isModule kind))

let private subclasses (kind: Type) =
    ours
    |> Array.filter (fun found ->
        kind.IsAssignableFrom found
        && not found.IsAbstract
        && not found.ContainsGenericParameters)

let rec private make (random: Random) (depth: int) (kind: Type) : obj | null =
    let value = ofType random (depth + 1)

    match Nullable.GetUnderlyingType kind with
    | null ->
        if kind = typeof<int> then
            box (pick random [| -1; 0; 1; 2; 3; 4; 5; 24; 1000; Int32.MinValue |])
        elif kind = typeof<int64> then
            box (pick random [| -1L; 0L; 1L; 2L; 4L; 5L; 24L; 1000L; Int64.MinValue |])
        elif kind = typeof<float> then
            box (pick random [| -1.0; 0.0; 0.1; 0.5; 1.0; 2.0; 1e300; Double.NaN; Double.PositiveInfinity |])
        elif kind = typeof<bool> then
            box (random.Next 2 = 0)
        elif kind = typeof<string> then
            box (pick random [| ""; "trunk"; "metric_loss"; "val"; "x\u0000y"; "no/such/folder" |])
        elif kind.IsEnum then
            if random.Next 6 = 0 then
                Enum.ToObject(kind, 97)
            else
                (Enum.GetValues kind).GetValue(random.Next (Enum.GetValues kind).Length)
        elif kind = typeof<torch.Tensor> then
            box (tensor random)
        elif kind = typeof<torch.Device> then
            box torch.CPU
        elif kind = typeof<obj> then
            value (pick random [| typeof<torch.Tensor>; typeof<int[]>; typeof<string[]>; typeof<string> |])
        elif typeof<Delegate>.IsAssignableFrom kind then
            func random kind value
        elif kind.IsArray then
            let element = kind.GetElementType() |> nonNull
            let items = Array.CreateInstance(element, random.Next 4)

            for index in 0 .. items.Length - 1 do
                items.SetValue(value element, index)

            items
        elif kind.IsInterface && kind.IsGenericType && kind.GetGenericArguments().Length = 1 then
            value ((kind.GetGenericArguments()[0]).MakeArrayType())
        elif
            kind.IsInterface
            && kind.IsGenericType
            && kind.GetGenericArguments()[0] = typeof<string>
        then
            let arguments = kind.GetGenericArguments()
            let entries = typedefof<Dictionary<_, _>>.MakeGenericType arguments

            let dictionary =
                nonNull (Activator.CreateInstance entries) :?> System.Collections.IDictionary

            for _ in 1 .. random.Next 3 do
                dictionary["val" + string (random.Next 2)] <- value arguments[1]

            if kind.IsInstanceOfType dictionary then
                box dictionary
            else
                null
        elif
            typeof<torch.nn.Module>.IsAssignableFrom kind
            && kind.Assembly <> typeof<Loss>.Assembly
        then
            let made = modules random
            if kind.IsInstanceOfType made then box made else null
        elif kind.IsValueType then
            Activator.CreateInstance kind
        else
            match subclasses kind with
            | [||] -> null
            | found when depth < 4 -> construct random depth (pick random found)
            | _ -> null
    | inner -> value inner

/// A value of a type: most of the time one that fits, now and then null where the type has it.
and ofType (random: Random) (depth: int) (kind: Type) : obj | null =
    if isNullable kind && random.Next 12 = 0 then
        null
    else
        try
            make random depth kind
        with
        | :? TargetInvocationException
        | :? ArgumentException ->
            // The constructor refused what it was given.
            null

/// An instance, by one of the public constructors, with some of its properties set.
and construct (random: Random) (depth: int) (kind: Type) : obj | null =
    match kind.GetConstructors() with
    | [||] -> null
    | constructors ->
        let chosen = pick random constructors
        let made = chosen.Invoke(arguments random depth chosen)

        for property in kind.GetProperties() do
            if
                property.CanWrite
                && property.GetIndexParameters().Length = 0
                && random.Next 3 = 0
            then
                property.SetValue(made, ofType random (depth + 1) property.PropertyType)

        made

/// Arguments of a call; those that may be left out often are.
and arguments (random: Random) (depth: int) (call: MethodBase) : (obj | null)[] =
    let isPlain =
        match call.DeclaringType with
        | null -> false
        | kind -> isPlain kind

    [|
        for parameter in call.GetParameters() do
            let given =
                if parameter.HasDefaultValue && random.Next 2 = 0 then
                    parameter.DefaultValue
                else
                    ofType random (depth + 1) parameter.ParameterType

            // The compiler writes how records and unions are made; what takes them looks at what they hold.
            let isMissing =
                match given with
                | null -> not (allowsNull parameter)
                | :? (obj[]) as several -> Array.exists (fun item -> isNull (box item)) several
                | _ -> false

            if isPlain && isMissing then
                raise (ArgumentException "There is no such value.")

            given
    |]

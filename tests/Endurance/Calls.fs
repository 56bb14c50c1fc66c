/// Random calls of the public API, with right and wrong arguments: a result, or an error that tells the caller something; never one of
/// libtorch's or of the runtime's, never the end of the process.
module MetricLearning.Endurance.Calls

open System
open System.Collections.Generic
open System.Diagnostics
open System.IO
open System.Reflection
open TorchSharp
open MetricLearning

// What a part of a user's own implements: its base class calls it, with arguments that were checked. F# has no protected members.
let private isFormula (call: MethodInfo) =
    match call.GetBaseDefinition().DeclaringType with
    | null -> false
    | part ->
        call.IsVirtual
        && (typeof<MetricPart>.IsAssignableFrom part
            || typeof<LossTraits>.IsAssignableFrom part)

// What the compiler writes for equality takes comparers of the runtime's.
let private comparesByGivenComparer (call: MethodBase) =
    call.GetParameters()
    |> Array.exists (fun parameter -> parameter.ParameterType = typeof<System.Collections.IEqualityComparer>)

// What takes as long as the caller wants, and what reads or writes wherever it is told to.
let private isLeftOut (call: MethodBase) =
    comparesByGivenComparer call
    || List.contains call.Name [ "Train"; "Events"; "Wait"; "MoveNext" ]
    || call.IsSpecialName
       && not (call.Name.StartsWith "get_" || call.Name.StartsWith "set_")

let private callsOf (kind: Type) : MethodBase[] =
    [|
        if not kind.IsAbstract then
            for constructor in kind.GetConstructors() do
                constructor :> MethodBase

        for called in kind.GetMethods(BindingFlags.Public ||| BindingFlags.Instance ||| BindingFlags.Static) do
            let isOurs =
                match called.DeclaringType with
                | null -> false
                | declaring -> declaring.Assembly = kind.Assembly

            if
                isOurs
                && not called.ContainsGenericParameters
                && not (called.IsStatic && kind.IsAbstract && called.IsSpecialName)
                && not (isLeftOut called)
                && not (isFormula called)
            then
                called
    |]

let private isClear (error: exn) =
    match error with
    | :? ArgumentException
    | :? ObjectDisposedException
    | :? NotSupportedException
    | :? IOException
    | :? InvalidDataException
    | :? UnauthorizedAccessException
    | :? SetupException
    | :? OperationCanceledException -> true
    // Ours says what there is.
    | :? KeyNotFoundException -> not (error.Message.StartsWith "The given key")
    // Ours is of this very type; what the runtime derives from it is not.
    | _ -> error.GetType() = typeof<InvalidOperationException>

// What a function of the user's throws is the user's.
let rec private isUsers (error: exn | null) =
    match error with
    | null -> false
    | error -> error.Message.Contains "of the user's" || isUsers error.InnerException

let private describe (error: exn) =
    let place =
        (error.StackTrace |> Option.ofObj |> Option.defaultValue "").Split '\n'
        |> Array.tryFind (fun line -> line.Contains "MetricLearning" && not (line.Contains "Endurance"))
        |> Option.defaultValue ""

    let message = error.Message.Split('\n')[0]
    $"{error.GetType().Name}: {message} {place.Trim()}"

// One call: null, or what is wrong.
let private attempt (random: Random) : struct (string * (string | null)) =
    use _ = torch.NewDisposeScope()
    let kind = Values.classes[random.Next Values.classes.Length]

    match callsOf kind with
    | [||] -> struct (kind.Name, null)
    | calls ->
        let call = calls[random.Next calls.Length]
        let title = $"{kind.Name}.{call.Name}"

        try
            match call with
            | :? ConstructorInfo as constructor ->
                (match constructor.Invoke(Values.arguments random 0 constructor) with
                 | :? IDisposable as made -> made.Dispose()
                 | _ -> ())
            | called ->
                let target =
                    if called.IsStatic then
                        null
                    else
                        try
                            Values.ofType random 0 kind
                        with :? TargetInvocationException ->
                            null

                if called.IsStatic || not (isNull target) then
                    called.Invoke(target, Values.arguments random 0 called) |> ignore

            struct (title, null)
        with
        | :? TargetInvocationException as thrown ->
            match thrown.InnerException with
            | null -> struct (title, null)
            | inner when isClear inner || isUsers inner -> struct (title, null)
            | inner -> struct (title, describe inner)
        | :? ArgumentException
        | :? TargetException
        | :? MemberAccessException -> struct (title, null)
        | error when isClear error || isUsers error -> struct (title, null)
        | error -> struct (title, describe error)

/// The calls of these numbers, in this process. Says each before it is made, so that it is known which one ends the process.
let inThisProcess (seed: int64) (first: int) (count: int) (journal: string) : unit =
    let seed = Seed.ofInt64 seed
    use log = new StreamWriter(journal, false, AutoFlush = true)

    for number in first .. first + count - 1 do
        let random = (Seed.derive "call" (int64 number) seed).Random()
        log.WriteLine $"call {number}"

        match attempt random with
        | struct (title, NonNull wrong) -> log.WriteLine $"WRONG {number} {title}: {wrong}"
        | struct (title, _) -> log.WriteLine $"ok {title}"

// Runs a range of calls in a process of its own; what was wrong.
let private inAnotherProcess (seed: int64) (first: int) (count: int) : string list =
    let journal = Path.GetTempFileName()

    try
        let info = ProcessStartInfo(nonNull Environment.ProcessPath)

        if (nonNull Environment.ProcessPath).EndsWith("dotnet", StringComparison.Ordinal) then
            info.ArgumentList.Add(Environment.GetCommandLineArgs()[0])

        for argument in [ "calls-of"; string seed; string first; string count; journal ] do
            info.ArgumentList.Add argument

        info.WorkingDirectory <- (Directory.CreateTempSubdirectory "calls").FullName

        use child = Process.Start info |> nonNull
        child.WaitForExit()
        let lines = File.ReadAllLines journal

        [
            for line in lines do
                if line.StartsWith "WRONG" then
                    line

            if child.ExitCode <> 0 then
                $"WRONG the process ended ({child.ExitCode}) after: {Array.last lines}"
        ]
    finally
        File.Delete journal

/// So many calls; true if none ended wrongly.
let run (seed: int64) (count: int) : bool =
    let each = 500

    let wrong =
        [
            for first in 0..each .. count - 1 do
                yield! inAnotherProcess seed first (min each (count - first))
        ]

    for line in wrong do
        printfn "%s" line

    printfn "%d passed, %d failed" (count - wrong.Length) wrong.Length
    wrong.IsEmpty

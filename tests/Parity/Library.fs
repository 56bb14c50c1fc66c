namespace MetricLearning.Parity

open System
open System.Reflection
open System.Runtime.ExceptionServices

/// A part of the library that a fixture needs and that does not exist (yet): the case is skipped and names it.
exception MissingPart of part: string

/// An argument that a class or method does not have. Python says TypeError; C# does not compile.
exception UnknownArgument of part: string

/// Finding the library's public parts by their documented names.
[<RequireQualifiedAccess>]
module Library =

    /// Loads the facade and the core, whatever this program happens to use of them itself.
    let private assemblies: Assembly list =
        [ Assembly.Load "MetricLearning"; Assembly.Load "MetricLearning.Core" ]

    /// snake_case, camelCase and PascalCase spell one name.
    let sameName (left: string) (right: string) : bool =
        let letters (name: string) = name.Replace("_", "")
        String.Equals(letters left, letters right, StringComparison.OrdinalIgnoreCase)

    let private publicTypes: Lazy<Type list> =
        lazy
            (assemblies
             |> List.collect (fun assembly -> List.ofArray (assembly.GetExportedTypes())))

    /// The public class of a documented name; the facade's before the core's.
    let tryType (name: string) : Type option =
        publicTypes.Value |> List.tryFind (fun candidate -> candidate.Name = name)

    let typeNamed (name: string) : Type =
        match tryType name with
        | Some found -> found
        | None -> raise (MissingPart name)

    /// Calls by reflection without the wrapping exception.
    let unwrapped (call: unit -> 'T) : 'T =
        try
            call ()
        with :? TargetInvocationException as wrapper ->
            match wrapper.InnerException with
            | null -> reraise ()
            | inner ->
                ExceptionDispatchInfo.Capture(inner).Throw()
                Unchecked.defaultof<'T>

    /// A public property by its name in any spelling.
    let tryProperty (name: string) (target: obj) : obj option =
        target.GetType().GetProperties()
        |> Array.tryFind (fun candidate -> sameName candidate.Name name && candidate.GetIndexParameters().Length = 0)
        |> Option.bind (fun found -> unwrapped (fun () -> found.GetValue target) |> Option.ofObj)

    let property (name: string) (target: obj) : obj =
        match tryProperty name target with
        | Some value -> value
        | None -> raise (MissingPart $"%s{target.GetType().Name}.%s{name}")

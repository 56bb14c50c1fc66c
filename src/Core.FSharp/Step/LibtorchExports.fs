namespace MetricLearning.Core

open System
open System.Runtime.InteropServices

/// Functions that libtorch exports and TorchSharp does not wrap: those that take and return plain numbers.
module internal LibtorchExports =

    let private library: nativeint voption Lazy =
        lazy
            (match
                NativeLibrary.TryLoad("torch_cpu", System.Reflection.Assembly.GetExecutingAssembly(), Nullable())
             with
             | true, handle -> ValueSome handle
             | _ -> ValueNone)

    /// The function of this mangled name, on Windows and elsewhere; None if this libtorch lacks it.
    let find<'Delegate when 'Delegate :> Delegate> (onWindows: string) (elsewhere: string) : 'Delegate voption =
        let name = if OperatingSystem.IsWindows() then onWindows else elsewhere

        match library.Value with
        | ValueSome handle ->
            match NativeLibrary.TryGetExport(handle, name) with
            | true, address -> ValueSome(Marshal.GetDelegateForFunctionPointer<'Delegate> address)
            | _ -> ValueNone
        | ValueNone -> ValueNone

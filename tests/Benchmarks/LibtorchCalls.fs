namespace MetricLearning.Benchmarks

#nowarn "9" // A block of memory as libtorch lays it out.

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp

/// What was asked of libtorch.
type Calls =
    {
        /// Tensors that TorchSharp made on this thread; those that only libtorch sees, as in a backward pass, are not among them.
        Tensors: int
        /// The operations of libtorch that do work, on whatever thread, those of a backward pass included; views are free.
        Kernels: int
        /// The operations that wait for a device: numbers that are read, and results whose size depends on the data.
        Waits: int
        /// The operations by name, with how often each ran.
        ByName: IReadOnlyDictionary<string, int>
    }

/// libtorch tells a callback of every operation that it runs, which its own profiler uses. For Linux on x64 and libtorch 2.10, the
/// library that the tests run on: the layout is that of its header `record_function.h`.
module LibtorchCalls =

    [<Struct; StructLayout(LayoutKind.Sequential)>]
    type private Callback =
        val mutable Start: nativeint
        val mutable End: nativeint
        val mutable Sampled: double
        // One byte for each kind of event: operations are the first, nodes of a backward pass the second.
        val mutable Scopes: int64
        val mutable MoreScopesAndNeeds: int64

    [<DllImport("torch_cpu", EntryPoint = "_ZN2at17addGlobalCallbackENS_22RecordFunctionCallbackE")>]
    extern uint64 private addCallback(Callback callback)

    [<DllImport("torch_cpu", EntryPoint = "_ZN2at14removeCallbackEm")>]
    extern void private removeCallback(uint64 handle)

    [<DllImport("torch_cpu", EntryPoint = "_ZNK2at14RecordFunction4nameEv")>]
    extern nativeint private nameOf(nativeint call)

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type private Started = delegate of result: nativeint * call: nativeint -> nativeint

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type private Ended = delegate of call: nativeint * context: nativeint -> unit

    /// True where operations can be counted.
    let isPossible =
        OperatingSystem.IsLinux()
        && RuntimeInformation.ProcessArchitecture = Architecture.X64

    // Operations that only look at memory in another way, or take some.
    let private free =
        HashSet(
            ("alias as_strided as_strided_ chunk detach detach_ diagonal empty empty_like empty_strided expand is_nonzero "
             + "item lift_fresh _local_scalar_dense narrow new_empty new_empty_strided permute _reshape_alias resize_ "
             + "resolve_conj resolve_neg result_type can_cast select set_ slice split squeeze t transpose unbind unsqueeze "
             + "_unsafe_view view real")
                .Split(' ')
            |> Array.map (fun name -> "aten::" + name)
        )

    // Inside another operation, the conversion of a number to the type of a tensor, which a device does not need.
    let private conversions = HashSet [ "aten::to"; "aten::_to_copy"; "aten::copy_" ]

    let private waits =
        HashSet
            [
                "aten::_local_scalar_dense"
                "aten::nonzero"
                "aten::masked_select"
                "aten::_unique2"
                "aten::unique_dim"
                "aten::unique_consecutive"
                "aten::repeat_interleave"
            ]

    /// What an action asks of libtorch. One at a time, as the callback hears the whole process.
    let during (act: unit -> unit) : Calls =
        let found = Dictionary<string, int>()
        let kernels = ref 0

        // The operations that have begun, each with how much work was counted inside it.
        let running =
            new System.Threading.ThreadLocal<Stack<struct (string * int ref)>>(fun () -> Stack())

        let started =
            Started(fun result call ->
                running.Value.Push(struct (nonNull (Marshal.PtrToStringUTF8(nameOf call)), ref 0))
                Marshal.WriteIntPtr(result, 0n)
                result)

        let isOperation (name: string) =
            name.StartsWith("aten::", StringComparison.Ordinal)

        let ended =
            Ended(fun _ _ ->
                let struct (name, inside) = running.Value.Pop()

                let outer =
                    running.Value
                    |> Seq.tryPick (fun (struct (name, _)) -> if conversions.Contains name then None else Some name)

                let isConversion = conversions.Contains name && outer |> Option.exists isOperation

                let work =
                    if inside.Value > 0 then
                        inside.Value
                    elif isConversion || free.Contains name || not (isOperation name) then
                        0
                    else
                        1

                match running.Value.TryPeek() with
                | true, struct (_, around) -> around.Value <- around.Value + work
                | _ -> ()

                lock found (fun () ->
                    if isOperation name then
                        found[name] <- 1 + (if found.ContainsKey name then found[name] else 0)

                    if running.Value.Count = 0 then
                        kernels.Value <- kernels.Value + work))

        let mutable callback = Callback()
        callback.Start <- Marshal.GetFunctionPointerForDelegate started
        callback.End <- Marshal.GetFunctionPointerForDelegate ended
        callback.Sampled <- 1.0
        callback.Scopes <- 1L

        let made () =
            let statistics = DisposeScopeManager.Statistics.TensorStatistics
            statistics.CreatedInScopeCount + statistics.CreatedOutsideScopeCount

        let handle = if isPossible then addCallback callback else 0UL
        let before = made ()

        try
            act ()
        finally
            if isPossible then
                removeCallback handle

        GC.KeepAlive started
        GC.KeepAlive ended

        {
            Tensors = int (made () - before)
            Kernels = kernels.Value
            Waits =
                found
                |> Seq.sumBy (fun entry -> if waits.Contains entry.Key then entry.Value else 0)
            ByName = found
        }

namespace MetricLearning

open System
open System.Runtime.InteropServices

/// The options of a new graph, as USearch's C interface lays them out.
[<Struct; StructLayout(LayoutKind.Sequential)>]
type internal GraphOptions =
    val mutable Metric: int
    val mutable OwnMetric: nativeint
    val mutable Scalars: int
    val mutable Dimensions: unativeint
    val mutable Connectivity: unativeint
    val mutable ExpansionAdd: unativeint
    val mutable ExpansionSearch: unativeint
    val mutable IsMulti: byte

/// A filter of keys: 0 for one that may not be found.
[<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
type internal KeyFilter = delegate of key: uint64 * state: nativeint -> int

/// The C interface of USearch, whose package for .NET leaves out filters and threads.
module internal Native =

    [<Literal>]
    let private Library = "libusearch_c"

    /// 32-bit floating-point numbers.
    let float32s = 1

    [<DllImport(Library, CallingConvention = CallingConvention.Cdecl)>]
    extern nativeint usearch_init(GraphOptions& options, nativeint& error)

    [<DllImport(Library, CallingConvention = CallingConvention.Cdecl)>]
    extern void usearch_free(nativeint graph, nativeint& error)

    [<DllImport(Library, CallingConvention = CallingConvention.Cdecl)>]
    extern unativeint usearch_memory_usage(nativeint graph, nativeint& error)

    [<DllImport(Library, CallingConvention = CallingConvention.Cdecl)>]
    extern void usearch_reserve(nativeint graph, unativeint capacity, nativeint& error)

    [<DllImport(Library, CallingConvention = CallingConvention.Cdecl)>]
    extern void usearch_change_threads_search(nativeint graph, unativeint threads, nativeint& error)

    [<DllImport(Library, CallingConvention = CallingConvention.Cdecl)>]
    extern void usearch_change_expansion_search(nativeint graph, unativeint expansion, nativeint& error)

    [<DllImport(Library, CallingConvention = CallingConvention.Cdecl)>]
    extern void usearch_add(nativeint graph, uint64 key, float32[] vector, int scalars, nativeint& error)

    [<DllImport(Library, CallingConvention = CallingConvention.Cdecl)>]
    extern unativeint usearch_get(
        nativeint graph,
        uint64 key,
        unativeint count,
        [<In; Out>] float32[] vector,
        int scalars,
        nativeint& error
    )

    [<DllImport(Library, CallingConvention = CallingConvention.Cdecl)>]
    extern unativeint usearch_filtered_search(
        nativeint graph,
        float32[] query,
        int scalars,
        unativeint count,
        KeyFilter filter,
        nativeint state,
        [<In; Out>] uint64[] keys,
        [<In; Out>] float32[] distances,
        nativeint& error
    )

    /// InvalidOperationException if there was an error.
    let check (error: nativeint) : unit =
        if error <> 0n then
            invalidOp $"USearch: {Marshal.PtrToStringUTF8 error}"

namespace MetricLearning.Core

open System.Runtime.InteropServices

/// The functions of MPI that are used. Which library they are found in is known once one was loaded.
module internal MpiCalls =

    /// Stands for the library that was loaded.
    [<Literal>]
    let Library = "MPI of the launcher"

    [<DllImport(Library)>]
    extern int MPI_Initialized(int& flag)

    [<DllImport(Library)>]
    extern int MPI_Init_thread(nativeint argc, nativeint argv, int required, int& provided)

    [<DllImport(Library)>]
    extern int MPI_Finalize()

    [<DllImport(Library)>]
    extern int MPI_Comm_rank(nativeint comm, int& rank)

    [<DllImport(Library)>]
    extern int MPI_Comm_size(nativeint comm, int& size)

    [<DllImport(Library)>]
    extern int MPI_Comm_set_errhandler(nativeint comm, nativeint handler)

    [<DllImport(Library)>]
    extern int MPI_Comm_split_type(nativeint comm, int kind, int key, nativeint info, nativeint& made)

    [<DllImport(Library)>]
    extern int MPI_Comm_free(nativeint& comm)

    [<DllImport(Library)>]
    extern int MPI_Allreduce(nativeint send, nativeint receive, int count, nativeint dtype, nativeint op, nativeint comm)

    [<DllImport(Library)>]
    extern int MPI_Bcast(nativeint buffer, int count, nativeint dtype, int root, nativeint comm)

    [<DllImport(Library, EntryPoint = "MPI_Allgather")>]
    extern int gatherNumbers(
        int64[] send,
        int sent,
        nativeint sentType,
        int64[] receive,
        int received,
        nativeint receivedType,
        nativeint comm
    )

    [<DllImport(Library)>]
    extern int MPI_Allgatherv(
        nativeint send,
        int sent,
        nativeint sentType,
        nativeint receive,
        int[] counts,
        int[] places,
        nativeint receivedType,
        nativeint comm
    )

    [<DllImport(Library)>]
    extern int MPI_Error_string(int code, byte[] text, int& length)

    [<DllImport(Library)>]
    extern int MPI_Get_library_version(byte[] text, int& length)

    /// Open MPI's alone.
    [<DllImport(Library)>]
    extern int MPIX_Query_cuda_support()

    [<DllImport("libc")>]
    extern nativeint dlopen(string file, int flags)

    [<DllImport("libc")>]
    extern int setenv(string name, string value, int overwrite)

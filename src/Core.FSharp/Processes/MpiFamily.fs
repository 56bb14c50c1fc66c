namespace MetricLearning.Core

open System.Runtime.InteropServices

/// The values that a family of MPI libraries gives the names of the standard. A handle is an address in Open MPI and a number of
/// 32 bits in MPICH and its kin; both fit a native integer.
type internal MpiFamily =
    {
        /// As its users call it.
        Name: string
        /// All processes.
        World: nativeint
        Float: nativeint
        Double: nativeint
        Int64: nativeint
        Byte: nativeint
        Sum: nativeint
        /// The place of a buffer that is read and written at once.
        InPlace: nativeint
        /// Errors are returned instead of ending the process.
        ErrorsReturn: nativeint
        NoInfo: nativeint
        /// Splits processes by the machine whose memory they share.
        SharedMemory: int
    }

/// The two families.
module internal MpiFamily =

    // Its handles are the addresses of objects that it exports.
    let private openMpi (library: nativeint) : MpiFamily =
        let address name =
            NativeLibrary.GetExport(library, "ompi_mpi_" + name)

        {
            Name = "Open MPI"
            World = address "comm_world"
            Float = address "float"
            Double = address "double"
            Int64 = address "int64_t"
            Byte = address "byte"
            Sum = address "op_sum"
            InPlace = 1n
            ErrorsReturn = address "errors_return"
            NoInfo = address "info_null"
            SharedMemory = 0
        }

    let private mpich: MpiFamily =
        {
            Name = "MPICH"
            World = 0x44000000n
            Float = 0x4c00040an
            Double = 0x4c00080bn
            Int64 = 0x4c00083an
            Byte = 0x4c00010dn
            Sum = 0x58000003n
            InPlace = -1n
            ErrorsReturn = 0x54000001n
            NoInfo = 0x1c000000n
            SharedMemory = 1
        }

    /// The family of a library that was loaded.
    let ofLibrary (library: nativeint) : MpiFamily =
        let mutable address = 0n

        if NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", &address) then
            openMpi library
        else
            mpich

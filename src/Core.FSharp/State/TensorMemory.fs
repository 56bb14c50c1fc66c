namespace MetricLearning

open System
open System.Runtime.InteropServices

/// The C library's own memory, where tensors on the CPU lie.
module internal Glibc =

    /// M_TRIM_THRESHOLD: so many free bytes at the end of memory go back to the system.
    [<Literal>]
    let TrimThreshold = -1

    /// M_MMAP_MAX: so many blocks are taken from the system one by one, and go back to it one by one.
    [<Literal>]
    let MostMappings = -4

    // musl, which has no such call and no such habit, has no file of this name.
    [<DllImport("libc.so.6", EntryPoint = "mallopt")>]
    extern int private setOption(int parameter, int value)

    /// False where the C library is another one, or does not take the value.
    let set (parameter: int) (value: int) : bool =
        OperatingSystem.IsLinux()
        && (try
                setOption (parameter, value) = 1
            with
            | :? DllNotFoundException
            | :? EntryPointNotFoundException -> false)

/// Memory of tensors on the CPU, which lies outside of that of .NET.
[<AbstractClass; Sealed>]
type TensorMemory =

    /// Keeps what tensors on the CPU give back for the next ones. The C library of most Linux systems returns large blocks to the system
    /// and takes them anew in every iteration, which costs a convolutional network up to half of its time. What the process has once
    /// taken, it then holds until it ends. To be called once, before the first large tensor; it concerns the whole process, so it is
    /// for the program to call. Returns false, and does nothing, where the C library is not glibc.
    static member Keep() : bool =
        Glibc.set Glibc.MostMappings 0 && Glibc.set Glibc.TrimThreshold Int32.MaxValue

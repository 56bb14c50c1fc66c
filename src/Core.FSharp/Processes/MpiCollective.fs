namespace MetricLearning.Core

open System
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning

/// Processes that MPI connects. MPI is called by one thread at a time. Tensors on a device go through memory, unless MPI reads the
/// device's.
[<Sealed>]
type internal MpiCollective
    (family: MpiFamily, library: string, limit: WaitLimit, rank, count, local: struct (int * int)) =
    inherit Collective()

    let struct (localRank, localCount) = local
    let gate = obj ()

    // MPI counts in 32 bits.
    let largest = 1L <<< 30

    let readsDevices =
        family.Name = "Open MPI"
        && (try
                MpiCalls.MPIX_Query_cuda_support() = 1
            with :? EntryPointNotFoundException ->
                false)

    let call (what: string) (act: unit -> int) : unit =
        lock gate (fun () -> limit.Waiting act |> MpiLibrary.check what)

    let address (tensor: torch.Tensor) : nativeint =
        match MemoryRange.ofTensor tensor with
        | ValueSome range ->
            // What computes the content has to be done with it.
            if tensor.device_type <> DeviceType.CPU then
                torch.cuda.synchronize tensor.device

            range.First
        | ValueNone -> 0n

    let isReachable (tensor: torch.Tensor) =
        tensor.is_contiguous ()
        && (tensor.device_type = DeviceType.CPU
            || readsDevices && tensor.device_type = DeviceType.CUDA)

    // Acts on the tensor itself or on a copy that MPI can read, and brings back what is written.
    let reached (tensor: torch.Tensor) (act: torch.Tensor -> unit) : unit =
        if isReachable tensor then
            act tensor
        else
            use copy = tensor.detach().cpu().contiguous()
            act copy
            tensor.copy_ copy |> ignore

    // So many units from an address on, in portions that MPI can count.
    let inPortions (first: nativeint) (total: int64) (size: int64) (act: nativeint -> int -> unit) : unit =
        for start in 0L .. largest .. total - 1L do
            act (first + nativeint (start * size)) (int (min largest (total - start)))

    let broadcast (root: int) (tensor: torch.Tensor) =
        inPortions (address tensor) (tensor.numel () * tensor.element_size ()) 1L (fun first bytes ->
            call "send from one process to all" (fun () ->
                MpiCalls.MPI_Bcast(first, bytes, family.Byte, root, family.World)))

        GC.KeepAlive tensor

    let summed (dtype: nativeint) (tensor: torch.Tensor) =
        inPortions (address tensor) (tensor.numel ()) (tensor.element_size ()) (fun first numbers ->
            call "add over all processes" (fun () ->
                MpiCalls.MPI_Allreduce(family.InPlace, first, numbers, dtype, family.Sum, family.World)))

        GC.KeepAlive tensor

    let gatheredAtOnce (own: torch.Tensor) (all: torch.Tensor) (bytes: int64[]) =
        let counts = bytes |> Array.map int
        let places = counts |> Array.scan (+) 0 |> Array.truncate count

        call "bring rows together" (fun () ->
            MpiCalls.MPI_Allgatherv(
                address own,
                counts[rank],
                family.Byte,
                address all,
                counts,
                places,
                family.Byte,
                family.World
            ))

        GC.KeepAlive own
        GC.KeepAlive all

    // Each process in its turn sends its rows to all.
    let gatheredInTurn (own: torch.Tensor) (all: torch.Tensor) (rows: int64[]) =
        let starts = Array.scan (+) 0L rows

        for root in 0 .. count - 1 do
            use place = all.narrow (0L, starts[root], rows[root])

            if root = rank then
                place.copy_ own |> ignore

            broadcast root place

    override _.Rank = rank
    override _.Count = count
    override _.LocalRank = localRank
    override _.LocalCount = localCount
    override _.Library = library

    override _.WaitLimit
        with get () = limit.Limit
        and set value = limit.Limit <- value

    override _.Exchange numbers =
        let all: int64[] = Array.zeroCreate (count * numbers.Length)

        call "bring numbers together" (fun () ->
            MpiCalls.gatherNumbers (
                numbers,
                numbers.Length,
                family.Int64,
                all,
                numbers.Length,
                family.Int64,
                family.World
            ))

        Array.chunkBySize numbers.Length all

    override _.Broadcast(root, tensor) =
        use _ = torch.no_grad ()
        reached tensor (broadcast root)

    override _.Sum tensor =
        use _ = torch.no_grad ()

        match tensor.dtype with
        | torch.ScalarType.Float32 -> reached tensor (summed family.Float)
        | torch.ScalarType.Float64 -> reached tensor (summed family.Double)
        | torch.ScalarType.Int64 -> reached tensor (summed family.Int64)
        | torch.ScalarType.Float16
        | torch.ScalarType.BFloat16 ->
            use wide = tensor.to_type(torch.ScalarType.Float32).contiguous()
            reached wide (summed family.Float)
            tensor.copy_ wide |> ignore
        | dtype -> invalidOp $"Tensors of {dtype} cannot be added over processes; use float32 or float64."

    override _.Gather(tensor, rows) =
        use _ = torch.no_grad ()
        let shape = Array.copy tensor.shape
        let bytesOfRow = Array.fold (*) (tensor.element_size ()) shape[1..]
        let bytes = rows |> Array.map (fun own -> own * bytesOfRow)
        shape[0] <- Array.sum rows
        let device = if isReachable tensor then tensor.device else torch.CPU
        let all = torch.empty (shape, dtype = tensor.dtype, device = device)

        use own =
            if isReachable tensor then
                tensor.alias ()
            else
                tensor.detach().cpu().contiguous()

        if Array.sum bytes < largest then
            gatheredAtOnce own all bytes
        else
            gatheredInTurn own all rows

        if device.``type`` = tensor.device_type then
            all
        else
            use staged = all
            staged.``to`` tensor.device

module MetricLearning.Core.Tests.Support.Expectations

open System
open System.Threading
open Expecto
open TorchSharp

/// The act fails with this kind of exception and a message that holds the text.
let throws<'E when 'E :> exn> (text: string) (act: unit -> unit) =
    Expect.throwsC act (fun error ->
        Expect.isTrue (error :? 'E) $"{error}"
        Expect.stringContains error.Message text "the message")

let numbers (tensor: torch.Tensor) : int64[] =
    use _ = torch.NewDisposeScope()
    let here = tensor.``to``(torch.int64).contiguous()
    here.data<int64>().ToArray()

let floats (tensor: torch.Tensor) : float[] =
    use _ = torch.NewDisposeScope()
    let here = tensor.``to``(torch.float64).contiguous()
    here.data<float>().ToArray()

/// Waits until what nobody holds any more is gone.
let collectGarbage () : unit =
    for _ in 1..2 do
        GC.Collect()
        GC.WaitForPendingFinalizers()

/// Live native tensors, once what nobody holds any more is gone.
let liveTensors () : int64 =
    collectGarbage ()
    torch.Tensor.TotalCount

/// What the act gives while nothing is collected: a collection between two counts would take away what earlier tests left,
/// or hide what the act leaves.
let withoutCollecting (act: unit -> 'T) : 'T =
    collectGarbage ()
    GC.TryStartNoGCRegion 200_000_000L |> ignore

    try
        // What the collection found that made room.
        GC.WaitForPendingFinalizers()
        act ()
    finally
        if Runtime.GCSettings.LatencyMode = Runtime.GCLatencyMode.NoGCRegion then
            GC.EndNoGCRegion()

/// Whether what other threads bring about is so in the end. Only a test that fails waits so long.
let eventually (isSo: unit -> bool) : bool =
    SpinWait.SpinUntil(isSo, TimeSpan.FromMinutes 1.0)

/// The act leaves as many live tensors as it found; those of worker threads may take a moment.
let leavesNoTensors (act: unit -> unit) =
    act () // what is made once and kept

    withoutCollecting (fun () ->
        let before = torch.Tensor.TotalCount
        act ()
        eventually (fun () -> torch.Tensor.TotalCount = before) |> ignore
        Expect.equal torch.Tensor.TotalCount before "live tensors")

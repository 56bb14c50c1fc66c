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

/// Live native tensors, once what nobody holds any more is gone.
let liveTensors () : int64 =
    for _ in 1..2 do
        GC.Collect()
        GC.WaitForPendingFinalizers()

    torch.Tensor.TotalCount

/// The act leaves as many live tensors as it found; those of worker threads may take a moment.
let leavesNoTensors (act: unit -> unit) =
    act () // what is made once and kept
    let before = liveTensors ()
    act ()
    let deadline = DateTime.UtcNow.AddSeconds 5.0

    while torch.Tensor.TotalCount <> before && DateTime.UtcNow < deadline do
        Thread.Sleep 5

    Expect.equal torch.Tensor.TotalCount before "live tensors"

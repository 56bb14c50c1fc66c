namespace MetricLearning.Core

open System
open System.Runtime.InteropServices
open System.Text
open TorchSharp
open MetricLearning

/// Findings of the first process, in all of them.
module internal FromFirst =

    /// Bytes.
    let bytes (processes: Processes) (occasion: Occasion) (find: unit -> byte[]) : byte[] =
        if processes.Count = 1 then
            find ()
        else
            let meeting = processes.Meeting

            meeting.Together(fun () ->
                let own = if processes.IsFirst then find () else [||]
                let told = meeting.Meet(occasion, [| own.LongLength |])
                let length = told |> Array.head |> Array.head |> int

                use sent =
                    torch.tensor (
                        if processes.IsFirst then
                            own
                        else
                            Array.zeroCreate<byte> length
                    )

                processes.Collective.Broadcast(0, sent)
                sent.data<byte>().ToArray())

    /// Whole numbers.
    let numbers (processes: Processes) (occasion: Occasion) (find: unit -> int64[]) : int64[] =
        let found =
            bytes processes occasion (fun () -> MemoryMarshal.AsBytes(ReadOnlySpan<int64>(find ())).ToArray())

        MemoryMarshal.Cast<byte, int64>(ReadOnlySpan<byte> found).ToArray()

    /// Text.
    let text (processes: Processes) (occasion: Occasion) (find: unit -> string) : string =
        bytes processes occasion (fun () -> Encoding.UTF8.GetBytes(find ()))
        |> Encoding.UTF8.GetString

    /// Gives tensors the content that they have in the first process.
    let contents (processes: Processes) (tensors: torch.Tensor seq) : unit =
        if processes.Count > 1 then
            for tensor in tensors do
                processes.Collective.Broadcast(0, tensor)

/// Folders and files of tests.
module MetricLearning.Core.Tests.Support.Places

open System
open System.IO

/// A folder of its own while something is done.
let withFolder (act: string -> 'Result) : 'Result =
    let folder = Directory.CreateTempSubdirectory("metric-learning-").FullName

    try
        act folder
    finally
        Directory.Delete(folder, true)

/// A path in a folder of its own while something is done.
let withPath (act: string -> 'Result) : 'Result =
    withFolder (fun folder -> act (Path.Combine(folder, "file.safetensors")))

/// A stream that takes so many bytes and then fails, as a full disk does.
type FailingStream(inner: Stream, room: int64) =
    inherit Stream()
    let mutable left = room
    override _.CanRead = false
    override _.CanSeek = false
    override _.CanWrite = true
    override _.Length = raise (NotSupportedException())

    override _.Position
        with get () = raise (NotSupportedException())
        and set _ = raise (NotSupportedException())

    override _.Read(_: byte[], _: int, _: int) : int = raise (NotSupportedException())
    override _.Seek(_, _) = raise (NotSupportedException())
    override _.SetLength _ = raise (NotSupportedException())
    override _.Flush() = inner.Flush()

    override _.Write(bytes: byte[], offset: int, count: int) =
        let taken = int (min left (int64 count))
        inner.Write(bytes, offset, taken)
        left <- left - int64 taken

        if taken < count then
            raise (IOException "No space left on device")

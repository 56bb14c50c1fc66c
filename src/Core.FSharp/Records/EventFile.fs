namespace MetricLearning

open System
open System.Buffers.Binary
open System.IO
open System.Numerics
open System.Threading
open Google.Protobuf
open Microsoft.Win32.SafeHandles
open Tensorboard

/// Records of bytes as TensorFlow frames them: length, checksum of the length, bytes, checksum of the bytes.
module internal Frame =

    // CRC-32C, masked as TensorFlow does, because a checksum of bytes that hold checksums would be weak.
    let private checksum (bytes: byte[]) : uint32 =
        let mutable crc = 0xFFFFFFFFu

        for one in bytes do
            crc <- BitOperations.Crc32C(crc, one)

        let crc = ~~~crc
        BitOperations.RotateRight(crc, 15) + 0xA282EAD8u

    /// The framed bytes.
    let ofBytes (content: byte[]) : byte[] =
        let length = Array.zeroCreate<byte> 8
        BinaryPrimitives.WriteInt64LittleEndian(Span length, content.LongLength)

        let sum (bytes: byte[]) =
            let found = Array.zeroCreate<byte> 4
            BinaryPrimitives.WriteUInt32LittleEndian(Span found, checksum bytes)
            found

        Array.concat [ length; sum length; content; sum content ]

/// A run as TensorBoard sees it: a folder with event files, a new one for each process. The file is made with the first event.
[<Sealed>]
type internal EventFile(folder: string) =
    static let mutable count = 0
    let mutable handle: SafeFileHandle | null = null
    let mutable length = 0L

    let prefix = "events.out.tfevents."

    let earlier =
        if Directory.Exists folder then
            Directory.GetFiles(folder, prefix + "*")
        else
            [||]

    // TensorBoard reads the files of a folder by their names, whose first part is the time in seconds.
    let secondsOf (path: string) =
        match Int64.TryParse(FileInfo(path).Name.Substring(prefix.Length).Split('.')[0]) with
        | true, seconds -> seconds
        | _ -> 0L

    let event () =
        Event(WallTime = double (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()) / 1000.0)

    let opened () : SafeFileHandle =
        match handle with
        | NonNull opened -> opened
        | _ ->
            Directory.CreateDirectory folder |> ignore

            let seconds =
                earlier
                |> Array.map (secondsOf >> (+) 1L)
                |> Array.fold max (DateTimeOffset.UtcNow.ToUnixTimeSeconds())

            let number = Interlocked.Increment &count - 1

            let name =
                $"{prefix}{seconds:D10}.{Environment.MachineName}.{Environment.ProcessId}.{number}"

            let opened =
                File.OpenHandle(
                    Path.Combine(folder, name),
                    FileMode.CreateNew,
                    FileAccess.Write,
                    FileShare.ReadWrite ||| FileShare.Delete
                )

            handle <- opened
            length <- 0L
            opened

    let write (events: Event seq) =
        let file = opened ()

        let all =
            if length = 0L then
                // From version 2 on TensorBoard heeds restarts, and not the order of steps.
                let version = event ()
                version.FileVersion <- "brain.Event:2"
                Seq.append [ version ] events
            else
                events

        let bytes =
            all
            |> Seq.map (fun event -> Frame.ofBytes (event.ToByteArray()))
            |> Array.concat

        try
            RandomAccess.Write(file, ReadOnlySpan bytes, length)
        with _ ->
            RandomAccess.SetLength(file, length)
            reraise ()

        length <- length + bytes.LongLength

    /// True if the folder has events of earlier processes.
    member _.GoesOn = earlier.Length > 0

    /// Tells TensorBoard that the run was resumed: it forgets events from this step on.
    member _.Restart(step: int64) : unit =
        let restart = event ()
        restart.Step <- step
        restart.SessionLog <- SessionLog(Status = SessionLog.Types.SessionStatus.Start)
        write [ restart ]

    /// Adds numbers by tag.
    member _.Write(step: int64, scalars: struct (string * double) seq) : unit =
        let summary = Summary()

        for struct (tag, value) in scalars do
            summary.Value.Add(Summary.Types.Value(Tag = tag, SimpleValue = float32 value))

        if summary.Value.Count > 0 then
            let scalars = event ()
            scalars.Step <- step
            scalars.Summary <- summary
            write [ scalars ]

    /// Forces the file to disk.
    member _.Flush() : unit =
        match handle with
        | null -> ()
        | opened -> RandomAccess.FlushToDisk opened

    interface IDisposable with
        member _.Dispose() =
            match handle with
            | null -> ()
            | opened -> opened.Dispose()

            handle <- null

namespace MetricLearning.Endurance

open System.IO
open MetricLearning

/// A kind of file that the library reads, and what reading it may come to.
type Damageable =
    {
        Name: string
        /// A file as the library, or PyTorch, writes it.
        File: byte[]
        /// What is done to the file, by number; checksums as they were.
        Damage: int -> string * byte[]
        /// The same with hashes and checksums that fit.
        Forge: int -> string * byte[]
        /// Reads a file. The result says, bit for bit, what was read.
        Read: byte[] -> string
        /// True if a file can be changed without a checksum that tells.
        IsUnsealed: bool
        /// What a refused file must leave as it was, bit for bit.
        Kept: unit -> string
    }

/// What came of reading a damaged file.
[<RequireQualifiedAccess>]
type Reading =
    | Refused
    | Read
    | Wrong of string

module Damage =

    // The errors that a caller is told of: the file is none, was damaged, or is that of other networks.
    let private isClear (error: exn) =
        error :? InvalidDataException
        || error :? System.ArgumentException
        || error :? EndOfStreamException

    /// Reads damaged file number such-and-such; every third has checksums that fit.
    let read (subject: Damageable) (number: int) : Reading =
        let isForged = number % 3 = 0

        let what, file =
            if isForged then
                subject.Forge number
            else
                subject.Damage number

        let title =
            $"""{subject.Name}, number {number}{if isForged then ", checksums fit" else ""}, {what}"""

        let kept = subject.Kept()

        try
            let found = subject.Read file

            if isForged || subject.IsUnsealed || found = subject.Read subject.File then
                Reading.Read
            else
                Reading.Wrong $"{title}: was read, and is something else"
        with error when isClear error ->
            if subject.Kept() = kept then
                Reading.Refused
            else
                Reading.Wrong $"{title}: was refused, but something was changed: {error.Message}"

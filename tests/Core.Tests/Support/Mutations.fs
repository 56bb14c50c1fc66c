/// Files that were changed, by accident or on purpose.
module MetricLearning.Core.Tests.Support.Mutations

open System
open System.Security.Cryptography
open MetricLearning

/// What is done to a safetensors file, by number: what it is, and the file.
let ofSafetensors (number: int) (file: byte[]) : string * byte[] =
    let random = (Seed.derive "mutation" (int64 number) (Seed.ofInt64 5L)).Random()
    // Half of the places in the header, where the structure is.
    let header = 8 + int (BitConverter.ToUInt64(file, 0))

    let place () =
        if random.Next 2 = 0 then
            random.Next(min header file.Length)
        else
            random.Next file.Length

    match number % 10 with
    | 0 ->
        let at = place ()
        let bytes = Array.copy file
        bytes[at] <- bytes[at] ^^^ (1uy <<< random.Next 8)
        $"a bit of byte {at}", bytes
    | 1 ->
        let at = place ()
        let bytes = Array.copy file
        bytes[at] <- byte (random.Next 256)
        $"byte {at}", bytes
    | 2 ->
        let length = random.Next file.Length
        $"cut off at {length}", file[.. length - 1]
    | 3 ->
        let at, count = place (), 1 + random.Next 40
        $"{count} bytes out at {at}", Array.append file[.. at - 1] file[min file.Length (at + count) ..]
    | 4 ->
        let at = place ()
        let added = Array.init (1 + random.Next 40) (fun _ -> byte (random.Next 256))
        $"{added.Length} bytes in at {at}", Array.concat [ file[.. at - 1]; added; file[at..] ]
    | 5 ->
        let at, count = place (), 1 + random.Next 200
        let bytes = Array.copy file
        Array.Clear(bytes, at, min count (file.Length - at))
        $"{count} zeros at {at}", bytes
    | 6 ->
        let one, other, count = place (), place (), 1 + random.Next 64
        let bytes = Array.copy file
        let count = min count (file.Length - max one other)
        Array.Copy(file, one, bytes, other, count)
        Array.Copy(file, other, bytes, one, count)
        $"{count} bytes at {one} and {other} changed places", bytes
    | 7 ->
        let bytes = Array.copy file
        BitConverter.GetBytes(random.NextInt64()).CopyTo(bytes, 0)
        "another header length", bytes
    | 8 ->
        let at = random.Next file.Length
        "its end from its beginning", Array.append file[.. at - 1] file[.. file.Length - at - 1]
    | _ ->
        // A digit of the JSON, where sizes and counts are.
        let digits =
            [|
                for at in 8 .. header - 1 do
                    if Char.IsAsciiDigit(char file[at]) then
                        at
            |]

        let at = digits[random.Next digits.Length]
        let bytes = Array.copy file
        bytes[at] <- byte '0' + byte (random.Next 10)
        $"the digit at {at}", bytes

/// What is done to a file of torch.save, or to the pickle in it.
let ofPickle (number: int) (bytes: byte[]) : string * byte[] =
    let random = (Seed.derive "pickle" (int64 number) (Seed.ofInt64 6L)).Random()
    let place () = random.Next bytes.Length
    let changed = Array.copy bytes

    match number % 7 with
    | 0 ->
        let at = place ()
        changed[at] <- changed[at] ^^^ (1uy <<< random.Next 8)
        $"a bit of byte {at}", changed
    | 1 ->
        let at = place ()
        changed[at] <- byte (random.Next 256)
        $"byte {at}", changed
    | 2 ->
        let length = place ()
        $"cut off at {length}", bytes[.. length - 1]
    | 3 ->
        let at, count = place (), 1 + random.Next 20
        $"{count} bytes out at {at}", Array.append bytes[.. at - 1] bytes[min bytes.Length (at + count) ..]
    | 4 ->
        let at = place ()
        let added = Array.init (1 + random.Next 20) (fun _ -> byte (random.Next 256))
        $"{added.Length} bytes in at {at}", Array.concat [ bytes[.. at - 1]; added; bytes[at..] ]
    | 5 ->
        // Numbers that are as large as they can be.
        let at, count = place (), 1 + random.Next 8
        Array.Fill(changed, 255uy, at, min count (bytes.Length - at))
        $"{count} times 255 at {at}", changed
    | _ ->
        // Opcodes of the format, at random.
        let opcodes =
            "(0NKMJGXqrhjt)]ae}sucRbQ.\x80\x81\x85\x86\x87\x88\x89\x8a\x8b\x8c\x93\x94"

        let at = place ()
        changed[at] <- byte opcodes[random.Next opcodes.Length]
        $"opcode {changed[at]} at {at}", changed

/// A file that ends with its hash, with one that fits, as somebody would write who means harm.
let withSeal (file: byte[]) : byte[] =
    if file.Length < 40 then
        file
    else
        Array.append file[.. file.Length - 33] (SHA256.HashData(ReadOnlySpan(file, 0, file.Length - 32)))

/// What is done to a file of any kind, by number: bytes changed, cut off, taken out, put in, repeated or set to zero, several of
/// these at once in every other file.
let ofBytes (number: int) (file: byte[]) : byte[] =
    let random = (Seed.derive "bytes" (int64 number) (Seed.ofInt64 7L)).Random()
    // Headers are where most can go wrong.
    let place (bytes: byte[]) =
        random.Next(
            if random.Next 2 = 0 then
                min 64 bytes.Length
            else
                bytes.Length
        )

    let once (bytes: byte[]) =
        if bytes.Length = 0 then
            bytes
        else
            let at = place bytes
            let count = min (1 + random.Next 40) (bytes.Length - at)

            match random.Next 8 with
            | 0 -> Array.truncate at bytes
            | 1 -> Array.removeManyAt at count bytes
            | 2 -> Array.insertManyAt at (Array.init count (fun _ -> byte (random.Next 256))) bytes
            | 3 -> Array.insertManyAt at (Array.sub bytes at count) bytes
            | 4 -> Array.mapi (fun index value -> if index >= at && index < at + count then 0uy else value) bytes
            | 5 -> Array.updateAt at 255uy bytes
            | 6 -> Array.updateAt at (bytes[at] ^^^ (1uy <<< random.Next 8)) bytes
            | _ -> Array.updateAt at (byte (random.Next 256)) bytes

    let times = if number % 2 = 0 then 1 else 1 + random.Next 6
    Seq.fold (fun bytes _ -> once bytes) file (seq { 1..times })

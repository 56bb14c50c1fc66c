/// Python's pickle protocol 2 as `torch.save` writes it, opcode for opcode, memo included.
module MetricLearning.Core.Tests.Support.PickleWriter

open System
open System.Buffers.Binary
open System.Collections.Generic
open System.IO
open System.Text

/// A Python value.
[<RequireQualifiedAccess>]
type Python =
    | None
    | Bool of bool
    | Int of int64
    | Float of float
    | Text of string
    | Tuple of Python list
    | List of Python list
    | Dict of (Python * Python) list
    /// A class or function by its module and name.
    | Global of string * string
    /// What `__reduce__` says: a callable, its arguments, what is set in it by key, its state.
    | Reduced of Python * Python * (Python * Python) list * Python option
    /// An object that is not stored in the pickle, by the tuple that stands for it.
    | Persistent of Python list
    /// An instance of a class made without its constructor, and its attributes.
    | Instance of Python * (string * Python) list
    /// Opcodes as they are, which leave one value.
    | Raw of byte[]

/// `collections.OrderedDict` with the `_metadata` of a module's state dict, if it has one.
let ordered (items: (string * Python) list) (metadata: Python option) : Python =
    Python.Reduced(
        Python.Global("collections", "OrderedDict"),
        Python.Tuple [],
        [ for key, value in items -> Python.Text key, value ],
        metadata
        |> Option.map (fun metadata -> Python.Dict [ Python.Text "_metadata", metadata ])
    )

/// What `pickle.dumps(value, protocol=2)` makes.
let write (value: Python) : byte[] =
    use output = new MemoryStream()
    let memo = Dictionary<Python, int>()
    // Objects are the same only if they are one.
    let made = Dictionary<Python, int>(HashIdentity.Reference)
    let mutable taken = 0

    let put (bytes: byte seq) =
        output.Write(ReadOnlySpan(Seq.toArray bytes))

    let op (code: char) = output.WriteByte(byte code)

    let number (size: int) (value: int64) =
        put (BitConverter.GetBytes(value) |> Array.truncate size)

    let memoize (value: Python option) =
        match value with
        | Some(Python.Reduced _ as value) -> made[value] <- taken
        | Some value -> memo[value] <- taken
        | None -> ()

        if taken < 256 then
            op 'q'
            number 1 (int64 taken)
        else
            op 'r'
            number 4 (int64 taken)

        taken <- taken + 1

    let recall (value: Python) (otherwise: unit -> unit) =
        let known = if value.IsReduced then made else memo

        match known.TryGetValue value with
        | true, place when place < 256 ->
            op 'h'
            number 1 (int64 place)
        | true, place ->
            op 'j'
            number 4 (int64 place)
        | _ -> otherwise ()

    let rec save (value: Python) : unit =
        match value with
        | Python.None -> op 'N'
        | Python.Bool true -> put [ 0x88uy ]
        | Python.Bool false -> put [ 0x89uy ]
        | Python.Int value when value >= 0L && value < 256L ->
            op 'K'
            number 1 value
        | Python.Int value when value >= 0L && value < 65536L ->
            op 'M'
            number 2 value
        | Python.Int value when value >= int64 Int32.MinValue && value <= int64 Int32.MaxValue ->
            op 'J'
            number 4 value
        | Python.Int value ->
            // As few bytes as hold it with its sign.
            let bytes = (bigint value).ToByteArray()
            put [ 0x8auy; byte bytes.Length ]
            put bytes
        | Python.Float value ->
            op 'G'
            let bytes = Array.zeroCreate<byte> 8
            BinaryPrimitives.WriteDoubleBigEndian(Span bytes, value)
            put bytes
        | Python.Text text ->
            recall value (fun () ->
                let bytes = Encoding.UTF8.GetBytes text
                op 'X'
                number 4 bytes.LongLength
                put bytes
                memoize (Some value))
        | Python.Global(owner, name) ->
            recall value (fun () ->
                op 'c'
                put (Encoding.UTF8.GetBytes $"{owner}\n{name}\n")
                memoize (Some value))
        | Python.Tuple [] -> op ')'
        | Python.Tuple items when items.Length <= 3 ->
            List.iter save items
            put [ 0x84uy + byte items.Length ]
            memoize None
        | Python.Tuple items ->
            op '('
            List.iter save items
            op 't'
            memoize None
        | Python.List items ->
            op ']'
            memoize None

            match items with
            | [] -> ()
            | [ item ] ->
                save item
                op 'a'
            | items ->
                op '('
                List.iter save items
                op 'e'
        | Python.Dict items ->
            op '}'
            memoize None
            setItems items
        | Python.Reduced(callable, arguments, items, state) ->
            recall value (fun () ->
                save callable
                save arguments
                op 'R'
                memoize (Some value)
                setItems items

                match state with
                | Some state ->
                    save state
                    op 'b'
                | None -> ())
        | Python.Persistent parts ->
            save (Python.Tuple parts)
            op 'Q'
        | Python.Instance(owner, attributes) ->
            save owner
            put [ byte ')'; 0x81uy ]
            memoize None
            op '}'
            memoize None
            setItems [ for name, value in attributes -> Python.Text name, value ]
            op 'b'
        | Python.Raw bytes -> put bytes

    and setItems (items: (Python * Python) list) : unit =
        for chunk in List.chunkBySize 1000 items do
            match chunk with
            | [ key, value ] ->
                save key
                save value
                op 's'
            | chunk ->
                op '('

                for key, value in chunk do
                    save key
                    save value

                op 'u'

    put [ 0x80uy; 2uy ]
    save value
    op '.'
    output.ToArray()

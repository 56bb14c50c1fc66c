namespace MetricLearning

open System.Collections.Generic
open System.IO

/// Reading pickles, Python's format for objects, as data: no class is looked up and no function is called. Memory is
/// bounded by the length of the pickle. Python's pickletools describes every opcode.
module internal Pickle =

    let private fail (message: string) = raise (InvalidDataException message)

    let private setItems (target: PickleValue) (items: PickleValue[]) : unit =
        match target with
        | PickleValue.Dict dict ->
            if items.Length % 2 = 1 then
                fail "its pickle sets a key without a value"

            for index in 0..2 .. items.Length - 1 do
                dict.Set(items[index], items[index + 1])
        | PickleValue.Foreign _ -> ()
        | _ -> fail "its pickle sets an item of what is no dictionary"

    let private append (target: PickleValue) (items: PickleValue[]) : unit =
        match target with
        | PickleValue.List list -> list.AddRange items
        | PickleValue.Foreign _ -> ()
        | _ -> fail "its pickle adds to what is no list"

    let private dictOf (items: PickleValue[]) : PickleValue =
        let dict = PickleValue.Dict(PickledDict())
        setItems dict items
        dict

    let private nameOf (callable: PickleValue) : string =
        match callable with
        | PickleValue.Global name -> name
        | PickleValue.Foreign name -> name
        | _ -> fail "its pickle calls what is no function"

    let private argumentsOf (arguments: PickleValue) : PickleValue[] =
        match arguments with
        | PickleValue.Tuple arguments -> arguments
        | _ -> fail "its pickle calls a function with what is no tuple"

    /// The value of a pickle. `call` says what a function of this full name would make of arguments, `find` what an object is
    /// that lies outside of the pickle; both only describe it.
    /// InvalidDataException, saying what is wrong, when it is not as the format has it.
    let read (call: string -> PickleValue[] -> PickleValue) (find: PickleValue -> PickleValue) (pickle: byte[]) =
        let bytes = PickleBytes pickle
        let stack = PickleStack()
        let memo = Dictionary<int64, PickleValue>()

        let recall (place: int64) =
            match memo.TryGetValue place with
            | true, value -> stack.Push value
            | _ -> fail $"its pickle recalls value {place}, which it never kept"

        let foreign (name: string) (count: int64) =
            bytes.Skip count
            stack.Push(PickleValue.Foreign name)

        let globalOf (owner: string) (name: string) = PickleValue.Global $"{owner}.{name}"

        let tuple (count: int) =
            let items = Array.init count (fun _ -> stack.Pop())
            stack.Push(PickleValue.Tuple(Array.rev items))

        let step (opcode: int) =
            match char opcode with
            // Protocol and frames say nothing about the value.
            | '\x80' -> bytes.Skip 1L
            | '\x95' -> bytes.Skip 8L
            | '(' -> stack.Mark()
            | '0' -> stack.Pop() |> ignore
            | '1' -> stack.PopToMark() |> ignore
            // What is kept to be recalled.
            | 'q' -> memo[int64 (bytes.Byte())] <- stack.Top()
            | 'r' -> memo[bytes.UInt32()] <- stack.Top()
            | '\x94' -> memo[int64 memo.Count] <- stack.Top()
            | 'h' -> recall (int64 (bytes.Byte()))
            | 'j' -> recall (bytes.UInt32())
            // Plain values.
            | 'N' -> stack.Push PickleValue.None
            | '\x88' -> stack.Push(PickleValue.Bool true)
            | '\x89' -> stack.Push(PickleValue.Bool false)
            | 'K' -> stack.Push(PickleValue.Int(int64 (bytes.Byte())))
            | 'M' -> stack.Push(PickleValue.Int(int64 (bytes.UInt16())))
            | 'J' -> stack.Push(PickleValue.Int(int64 (bytes.Int32())))
            | '\x8a' -> stack.Push(bytes.Long(int64 (bytes.Byte())))
            | '\x8b' -> stack.Push(bytes.Long(int64 (bytes.Int32())))
            | 'G' -> stack.Push(PickleValue.Float(bytes.Float()))
            | 'X' -> stack.Push(PickleValue.Text(bytes.Text(bytes.UInt32())))
            | '\x8c' -> stack.Push(PickleValue.Text(bytes.Text(int64 (bytes.Byte()))))
            | '\x8d' -> stack.Push(PickleValue.Text(bytes.Text(bytes.Int64())))
            | 'U'
            | 'C' -> foreign "bytes" (int64 (bytes.Byte()))
            | 'T'
            | 'B' -> foreign "bytes" (bytes.UInt32())
            | '\x8e'
            | '\x96' -> foreign "bytes" (bytes.Int64())
            // Collections.
            | ')' -> stack.Push(PickleValue.Tuple [||])
            | '\x85' -> tuple 1
            | '\x86' -> tuple 2
            | '\x87' -> tuple 3
            | 't' -> stack.Push(PickleValue.Tuple(stack.PopToMark()))
            | ']' -> stack.Push(PickleValue.List(ResizeArray()))
            | 'l' -> stack.Push(PickleValue.List(ResizeArray(stack.PopToMark())))
            | 'a' ->
                let item = stack.Pop()
                append (stack.Top()) [| item |]
            | 'e' ->
                let items = stack.PopToMark()
                append (stack.Top()) items
            | '}' -> stack.Push(PickleValue.Dict(PickledDict()))
            | 'd' -> stack.Push(dictOf (stack.PopToMark()))
            | 's' ->
                let value = stack.Pop()
                let key = stack.Pop()
                setItems (stack.Top()) [| key; value |]
            | 'u' ->
                let items = stack.PopToMark()
                setItems (stack.Top()) items
            | '\x8f' -> stack.Push(PickleValue.Foreign "set")
            | '\x90' -> stack.PopToMark() |> ignore
            | '\x91' ->
                stack.PopToMark() |> ignore
                stack.Push(PickleValue.Foreign "frozenset")
            // Names, and what would be made with them.
            | 'c' ->
                let owner = bytes.Line()
                stack.Push(globalOf owner (bytes.Line()))
            | '\x93' ->
                match stack.Pop(), stack.Pop() with
                | PickleValue.Text name, PickleValue.Text owner -> stack.Push(globalOf owner name)
                | _ -> fail "its pickle names a class by what is no text"
            | 'R'
            | '\x81' ->
                let arguments = argumentsOf (stack.Pop())
                let name = nameOf (stack.Pop())
                stack.Push(call name arguments)
            | '\x92' ->
                stack.Pop() |> ignore
                let arguments = argumentsOf (stack.Pop())
                let name = nameOf (stack.Pop())
                stack.Push(call name arguments)
            // The attributes of an object: those of a dictionary are not needed, and nothing else is an object here.
            | 'b' -> stack.Pop() |> ignore
            | 'Q' -> stack.Push(find (stack.Pop()))
            | _ -> fail $"its pickle has the opcode 0x{opcode:X2} at byte {bytes.Place - 1}, which no state dict needs"

        let mutable opcode = bytes.Byte()

        while opcode <> int '.' do
            step opcode
            opcode <- bytes.Byte()

        stack.Pop()

namespace MetricLearning.Core

open System
open TorchSharp
open MetricLearning

/// The average of a run's weights. What never moved since the first weights were taken into it has no vector of its own: its
/// average is what it is.
[<ReferenceEquality>]
type RunningAverage =
    {
        /// The kind of its `WeightAveraging`; empty without one.
        Kind: string
        /// The number of times that weights were taken into it; at 0 the average is the weights themselves.
        Count: int64
        /// The average of each `ParameterGroup`, laid out like its weights, in 32 bits at least; null where it is the weights.
        Groups: (Vector | null)[]
        /// Of each group of buffers the average of those of networks, which are the first; null where it is the buffers.
        Buffers: (Vector | null)[]
    }

    /// The vectors that are there.
    member average.Vectors: Vector seq =
        Seq.append average.Groups average.Buffers |> Seq.choose Option.ofObj

/// Averages of weights as values.
module internal RunningAverage =

    /// That of a run before anything was taken into it, or without one.
    let none (groups: int) (buffers: int) : RunningAverage =
        {
            Kind = ""
            Count = 0L
            Groups = Array.create groups null
            Buffers = Array.create buffers null
        }

    /// The type in which numbers of a type are averaged: in 16 bits most moves would be rounded away.
    let dtypeOf (dtype: torch.ScalarType) : torch.ScalarType =
        if Numeric.isHalf dtype then
            torch.ScalarType.Float32
        else
            dtype

    // Weights with the average of their beginning in its place. The caller owns it.
    let private within (average: Vector | null) (whole: Vector) : Vector =
        match average with
        | null ->
            whole.Retain()
            whole
        | average when
            average.Tensor.numel () = whole.Tensor.numel ()
            && average.Tensor.dtype = whole.Tensor.dtype
            ->
            average.Retain()
            average
        | average ->
            let copy = Vector.clone whole
            use beginning = copy.Tensor.narrow (0L, 0L, average.Tensor.numel ())
            beginning.copy_ average.Tensor |> ignore
            copy.Bound <- nan
            copy

    /// All but the numbers that are averaged: how many times weights were taken, and then for each group of weights and each group
    /// of buffers 1 where it has a vector of its own.
    let toNumbers (average: RunningAverage) : int64[] =
        [|
            average.Count
            for vector in Seq.append average.Groups average.Buffers do
                if isNull vector then 0L else 1L
        |]

    /// An average of zeros with these numbers. `groups` and `buffers`: layouts, and how many of their first numbers are averaged.
    /// None where the numbers are those of no average of such groups.
    let zeros kind (groups: struct (Layout * int64)[]) (buffers: struct (Layout * int64)[]) (numbers: int64[]) =
        let vector (struct (layout: Layout, length: int64)) (flag: int64) : Vector | null =
            if flag = 0L then
                null
            else
                torch.zeros ([| length |], dtype = dtypeOf layout.Dtype, device = layout.Device)
                |> Vector.Own

        let flags = Array.truncate (groups.Length + buffers.Length) (Array.skip 1 numbers)

        if
            numbers.Length = 1 + groups.Length + buffers.Length
            && numbers[0] > 0L
            && flags |> Array.forall (fun flag -> flag = 0L || flag = 1L)
        then
            Some
                {
                    Kind = kind
                    Count = numbers[0]
                    Groups = Array.map2 vector groups flags[.. groups.Length - 1]
                    Buffers = Array.map2 vector buffers flags[groups.Length ..]
                }
        else
            None

    /// The tensors that have an average of their own: the place of each, and the vector that it lies in.
    let places (groups: Layout[]) (buffers: Layout[]) (average: RunningAverage) : struct (Slot * Vector)[] =
        [|
            for layout, vector in Seq.append (Seq.zip groups average.Groups) (Seq.zip buffers average.Buffers) do
                match vector with
                | null -> ()
                | vector ->
                    for slot in layout.Slots do
                        if slot.Offset < vector.Tensor.numel () then
                            struct (slot, vector)
        |]

    /// These weights, or buffers, with their averages in their places. The caller owns the vectors.
    let applied (averages: (Vector | null)[]) (vectors: Vector[]) : Vector[] =
        use _ = torch.no_grad ()
        Array.map2 within averages vectors

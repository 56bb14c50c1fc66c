namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// Numbers that a distance, reducer, regularizer, miner or loss records about its last call, by their documented
/// names. Collected only on request, because reading a number off a tensor waits for the device.
[<Sealed>]
type Statistics(collect: Nullable<bool>, names: string[]) =
    static let mutable collectByDefault = false

    do ArgumentNullException.ThrowIfNull(names, nameof names)

    let mutable collecting =
        if collect.HasValue then collect.Value else collectByDefault

    let values = Dictionary<string, double>()
    // Counts that are still on a device, so that an iteration can read them along with its loss.
    let pending = List<struct (string * torch.Tensor)>()

    /// Collects if `CollectByDefault` is on.
    new(names: string[]) = Statistics(Nullable(), names)

    /// Makes parts that are created from now on collect statistics unless they are told not to; off by default.
    static member CollectByDefault
        with get () = collectByDefault
        and set value = collectByDefault <- value

    /// True if numbers are recorded.
    member _.Collecting
        with get () = collecting
        and internal set value = collecting <- value

    /// Empty when statistics are not collected.
    member this.Values: IReadOnlyDictionary<string, double> =
        if pending.Count > 0 then
            this.Settle
                [|
                    for struct (_, count) in pending ->
                        if count.IsInvalid then
                            0.0
                        else
                            double (count.item<int64>())
                |]

        values

    /// Sets every documented name to 0: the start of a call.
    member _.Reset() =
        pending.Clear()

        if collecting then
            for name in names do
                values[name] <- 0.0

    /// Records a number that costs nothing to know, collecting or not.
    member _.Count(name: string, value: int64) =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        values[name] <- double value

    /// Records a count (an int64 scalar) that is read when somebody asks for it, or by `Settle`.
    member internal _.CountLater(name: string, value: torch.Tensor) = pending.Add(struct (name, value))

    /// The counts that are not read yet.
    member internal _.Pending: torch.Tensor[] =
        [| for struct (_, count) in pending -> count |]

    /// Takes the counts that were pending, in their order.
    member internal _.Settle(numbers: double[]) : unit =
        for struct (name, _), number in Seq.zip pending numbers do
            values[name] <- number

        pending.Clear()

    /// Records a number, if statistics are collected.
    member _.Record(name: string, value: double) =
        ArgumentNullException.ThrowIfNull(name, nameof name)

        if collecting then
            values[name] <- value

    /// Records a tensor of one element, if statistics are collected; `value` is called only then. Tensors that it makes
    /// belong to the caller's dispose scope.
    member _.Record(name: string, value: Func<torch.Tensor>) =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        ArgumentNullException.ThrowIfNull(value, nameof value)

        if collecting then
            use _ = torch.no_grad ()

            let found =
                Arguments.returned $"The function of the statistic \"{name}\"" (value.Invoke())

            values[name] <- found.to_type(torch.ScalarType.Float64).item<double>()

namespace MetricLearning

open System
open System.Collections.Concurrent
open TorchSharp

/// Numbers for TorchSharp's methods, and the limits of number types. Their finite extremes stand in for infinities, so
/// that masked entries never give NaN.
module internal Numeric =

    let private reals =
        KeptScalars(fun bits -> (BitConverter.Int64BitsToDouble bits).ToScalar())

    let private wholes = KeptScalars(_.ToScalar())

    /// A number as TorchSharp's methods want it.
    let scalar (value: double) : Scalar =
        reals.Of(BitConverter.DoubleToInt64Bits value)

    /// A whole number as TorchSharp's methods want it.
    let whole (value: int64) : Scalar = wholes.Of value

    let private constants =
        ConcurrentDictionary<struct (torch.ScalarType * DeviceType * int * int64), torch.Tensor>()

    // Nearly all are numbers of formulas.
    let private mostConstants = 256

    /// A number as a scalar tensor, alike in type and device. It may be kept for the next time, so it must not be written to.
    let constant (like: torch.Tensor) (value: double) : torch.Tensor =
        let key =
            struct (like.dtype, like.device_type, like.device_index, BitConverter.DoubleToInt64Bits value)

        let make () =
            torch.full ([||], scalar value, dtype = like.dtype, device = like.device)

        match constants.TryGetValue key with
        | true, made -> made
        | _ when constants.Count >= mostConstants -> make ()
        | _ -> constants.GetOrAdd(key, fun _ -> make().DetachFromDisposeScope())

    /// The values where the mask has them, elsewhere a number.
    let whereOr (number: double) (mask: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        torch.where (mask, values, constant values number)

    /// The tensor itself where it is of the type, else converted.
    let ofType (dtype: torch.ScalarType) (tensor: torch.Tensor) : torch.Tensor =
        if tensor.dtype = dtype then
            tensor
        else
            tensor.to_type dtype

    /// first, first + step, … below `stop` (int64).
    let range (first: int64) (stop: int64) (step: int64) (device: torch.Device) : torch.Tensor =
        torch.arange (whole first, whole stop, whole step, dtype = torch.ScalarType.Int64, device = device)

    /// 0, 1, …, count − 1 (int64).
    let upTo (count: int64) (device: torch.Device) : torch.Tensor = range 0L count 1L device

    /// Counts (int64) to divide by: 1 where there is nothing to count.
    let atLeastOne (counts: torch.Tensor) : torch.Tensor = counts.clamp_min (whole 1L)

    /// The most negative finite value.
    let lowest (dtype: torch.ScalarType) : double = torch.finfo(dtype).min

    /// The largest finite value.
    let highest (dtype: torch.ScalarType) : double = torch.finfo(dtype).max

    /// The smallest normal value above 0.
    let tiny (dtype: torch.ScalarType) : double = torch.finfo(dtype).tiny

    /// The gap between 1 and the next value.
    let epsilon (dtype: torch.ScalarType) : double = torch.finfo(dtype).eps

    /// True if sums in this type lose or overflow what 32 bits would hold.
    let isHalf (dtype: torch.ScalarType) : bool =
        dtype = torch.ScalarType.Float16 || dtype = torch.ScalarType.BFloat16

    /// The sum of all entries, in at least 32 bits.
    let sum (values: torch.Tensor) : torch.Tensor =
        if isHalf values.dtype then
            values.sum torch.ScalarType.Float32
        else
            values.sum ()

    /// The value, not finite if any of the rows is not. Miners and reducers leave out what is NaN, the backward pass does not.
    let propagateNonFinite (rows: torch.Tensor) (value: torch.Tensor) : torch.Tensor =
        value.add (sum (rows.detach ()), scalar 0.0)

    /// The values in at least 32 bits: sums of 16-bit numbers drift.
    let atLeast32 (values: torch.Tensor) : torch.Tensor =
        if isHalf values.dtype then values.``float`` () else values

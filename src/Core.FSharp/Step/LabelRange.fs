namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// The smallest and the largest label of a batch, read on the CPU where the batch was made. On a device the look would wait, and a
/// label that a loss knows nothing of would end the process's use of the device.
[<Sealed>]
type LabelRange internal (placed: torch.Tensor | null, made: torch.Tensor | null) =
    let range =
        lazy
            (match made with
             | null -> ValueNone
             | made when made.device_type <> DeviceType.CPU || made.dim () <> 1L || made.size 0 = 0L -> ValueNone
             | made ->
                 let struct (low, high) = made.aminmax ()
                 ValueSome(struct (low.item<int64>(), high.item<int64>())))

    /// Nothing is known of any labels.
    static member Unknown = LabelRange(null, null)

    /// The smallest and the largest of these labels; none where they are not those of the batch.
    member internal _.Of(labels: torch.Tensor) : struct (int64 * int64) voption =
        if obj.ReferenceEquals(labels, placed) then
            range.Value
        else
            ValueNone

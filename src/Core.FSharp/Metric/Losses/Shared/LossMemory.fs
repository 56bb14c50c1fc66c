namespace MetricLearning

open TorchSharp

/// The device of what a loss remembers.
module internal LossMemory =

    /// Moves all buffers of a loss to a device, unless what it learns is elsewhere: then the caller moves the loss.
    let move (device: torch.Device) (loss: torch.nn.Module) : unit =
        let isElsewhere (tensor: torch.Tensor) =
            tensor.device_type <> device.``type``
            || device.index >= 0 && tensor.device_index <> device.index

        if
            Seq.exists isElsewhere (loss.buffers ())
            && not (Seq.exists isElsewhere (loss.parameters () |> Seq.cast))
        then
            loss.``to`` device |> ignore

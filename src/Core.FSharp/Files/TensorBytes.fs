namespace MetricLearning

open TorchSharp

/// The bytes of tensors, piece by piece, since a span ends at 2 GiB.
module internal TensorBytes =

    let private piece = 1L <<< 24

    /// Calls `act` with each piece of a contiguous tensor on the CPU, in order.
    let iterate (tensor: torch.Tensor) (act: torch.Tensor -> unit) : unit =
        let elements = tensor.numel ()

        if elements > 0L then
            use flat = tensor.reshape -1L
            let mutable place = 0L

            while place < elements do
                let count = min piece (elements - place)
                use part = flat.narrow (0L, place, count)
                act part
                place <- place + count

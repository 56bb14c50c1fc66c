namespace MetricLearning.Core

open System
open TorchSharp

/// TorchSharp's modules: what they do not say themselves.
module internal TorchModules =

    /// Whether the module was disposed. It cannot be asked, but a disposed one answers nothing.
    let isDisposed (layer: torch.nn.Module) : bool =
        try
            layer.training |> ignore
            false
        with :? ObjectDisposedException ->
            true

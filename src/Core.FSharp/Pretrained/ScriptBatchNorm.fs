namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch

/// A batch norm inside of a script: its mode only, so that it can be kept in evaluation mode while the script trains. Its
/// parameters are the trunk's.
[<Sealed>]
type internal ScriptBatchNorm(script: jit.ScriptModule) =
    inherit nn.Module("ScriptBatchNorm")

    override _.training = script.training
    override _.train on = Effects.setModeOf script on

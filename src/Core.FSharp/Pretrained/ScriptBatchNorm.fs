namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp
open type TorchSharp.torch
open MetricLearning.Core

/// A part of a script. TorchSharp would take a field that is a module for a submodule; this is none.
[<ReferenceEquality>]
type internal ScriptPart = { Script: jit.ScriptModule }

/// A batch norm inside of a script: its mode only, so that it can be kept in evaluation mode while the script trains. Its
/// parameters are the trunk's.
[<Sealed>]
type internal ScriptBatchNorm(part: ScriptPart) =
    inherit nn.Module("ScriptBatchNorm")

    override _.training = part.Script.training

    override _.train([<Optional; DefaultParameterValue(true)>] on: bool) : unit = Effects.setModeOf part.Script on

/// TorchScript modules as PyTorch saves them: Linear, batch norm, ReLU, dropout, Linear.
module MetricLearning.Core.Tests.Support.ScriptFiles

open TorchSharp
open MetricLearning.Core.Tests.Support.PickleWriter
open MetricLearning.Core.Tests.Support.TorchFiles

/// How a script is written.
type ScriptSetting =
    {
        /// The body of the batch norm's counting.
        Counting: string
        /// What the dropout drops.
        Dropout: float
        /// What `forward` returns of the output `z`.
        Returned: string
        /// The type of that.
        Type: string
        /// Whether the last layer has the weights of the first, as one tensor.
        IsTied: bool
    }

/// As PyTorch counts batches since 1.13: in place.
let plain =
    {
        Counting = "_n = torch.add_(self.num_batches_tracked, 1)"
        Dropout = 0.0
        Returned = "z"
        Type = "Tensor"
        IsTied = false
    }

/// As PyTorch counted them before: with a new tensor.
let replacing =
    { plain with
        Counting = "self.num_batches_tracked = torch.add(self.num_batches_tracked, 1)"
    }

let private source (setting: ScriptSetting) =
    $"""class Net(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]
  first : __torch__.Linear
  norm : __torch__.BatchNorm1d
  last : __torch__.Linear
  scale : Tensor
  def forward(self: __torch__.Net,
    x: Tensor) -> {setting.Type}:
    first = self.first
    norm = self.norm
    last = self.last
    y = torch.relu((norm).forward((first).forward(x, ), ))
    z = torch.mul((last).forward(torch.dropout(y, {setting.Dropout:F6}, self.training), ), self.scale)
    return {setting.Returned}
class Linear(Module):
  __parameters__ = ["weight", "bias", ]
  __buffers__ = []
  weight : Tensor
  bias : Tensor
  training : bool
  _is_full_backward_hook : Optional[bool]
  def forward(self: __torch__.Linear,
    x: Tensor) -> Tensor:
    return torch.linear(x, self.weight, self.bias)
class BatchNorm1d(Module):
  __parameters__ = ["weight", "bias", ]
  __buffers__ = ["running_mean", "running_var", "num_batches_tracked", ]
  weight : Tensor
  bias : Tensor
  running_mean : Tensor
  running_var : Tensor
  num_batches_tracked : Tensor
  training : bool
  _is_full_backward_hook : Optional[bool]
  def forward(self: __torch__.BatchNorm1d,
    x: Tensor) -> Tensor:
    if self.training:
      {setting.Counting}
    else:
      pass
    return torch.batch_norm(x, self.weight, self.bias, self.running_mean, self.running_var, self.training, 0.10000000000000001, 1.0000000000000001e-05, False)
"""

/// The script's file with the weights of these layers. It holds one tensor, `scale`, that is neither parameter nor buffer: 1.
let save (setting: ScriptSetting) (first: Modules.Linear) (norm: Modules.BatchNorm1d) (last: Modules.Linear) : byte[] =
    let storages = ResizeArray<Storage>()

    let stored (grad: bool) (tensor: torch.Tensor | null) =
        let tensor = nonNull tensor
        let one = storage storages.Count tensor
        storages.Add one
        rebuiltWith grad one 0L (List.ofArray tensor.shape) (List.ofArray (tensor.stride ()))

    let made (name: string) (attributes: (string * Python) list) =
        Python.Instance(
            Python.Global("__torch__", name),
            [
                yield! attributes
                "training", Python.Bool true
                "_is_full_backward_hook", Python.None
            ]
        )

    let linear (layer: Modules.Linear) =
        [ "weight", stored true layer.weight; "bias", stored true layer.bias ]

    let firstTensors = linear first
    let lastTensors = if setting.IsTied then firstTensors else linear last

    let root =
        made
            "Net"
            [
                "first", made "Linear" firstTensors
                "norm",
                made
                    "BatchNorm1d"
                    [
                        "weight", stored true norm.weight
                        "bias", stored true norm.bias
                        "running_mean", stored false norm.running_mean
                        "running_var", stored false norm.running_var
                        "num_batches_tracked", stored false (norm.get_buffer "num_batches_tracked")
                    ]
                "last", made "Linear" lastTensors
                "scale", stored false (torch.tensor 1.0f)
            ]

    saveScript (List.ofSeq storages) (source setting) root

namespace MetricLearning.Core
open TorchSharp
open type TorchSharp.torch
module TorchOptimizers =
    let parameters (o: optim.Optimizer) : Modules.Parameter[] seq = Seq.empty
    let rules (o: optim.Optimizer) : Rule seq = Seq.empty
    let hasTwin (o: optim.Optimizer) = true
    let known = "SGD"
    let show (o: optim.Optimizer) (group: int) (ps: Modules.Parameter[]) (l: Layout) (counts: int64[]) (slots: Vector[]) = ()
    let takeOver (o: optim.Optimizer) (group: int) (ps: Modules.Parameter[]) (l: Layout) : struct (Vector[] * int64[]) = struct ([||], [||])

namespace MetricLearning.Core
open TorchSharp
open type TorchSharp.torch
type Rule = { R: int }
type Optimizer = { O: int }
module Optimizer =
    let groupOf (o: Optimizer) (name: string) = 0
    let groups (o: Optimizer) = 1
    let rule (g: int) (o: Optimizer) = { R = 1 }
    let rates (o: Optimizer) = [| 1.0 |]
module FlatUpdate =
    let apply (r: Rule) (rate: float) (l: Layout) (gradients: (Tensor | null)[]) (counts: int64[]) (slots: Vector[]) (w: Vector) : int64[] = counts
    let firstSlots (r: Rule) (l: Layout) : Vector[] * int64[] = [||], [||]
module TorchOptimizers =
    let parameters (o: optim.Optimizer) : Modules.Parameter[] seq = Seq.empty
    let rules (o: optim.Optimizer) : Rule seq = Seq.empty
    let hasTwin (o: optim.Optimizer) = true
    let known = "SGD"
    let show (o: optim.Optimizer) (ps: Modules.Parameter[]) (l: Layout) (counts: int64[]) (slots: Vector[]) = ()
    let takeOver (o: optim.Optimizer) (group: int) (ps: Modules.Parameter[]) (l: Layout) : Vector[] * int64[] = [||], [||]

namespace MetricLearning

open System
open TorchSharp

/// Access to a slot in the state that TorchSharp's optimizers keep for a parameter.
[<NoEquality; NoComparison>]
type internal TorchSlot =
    {
        /// The name, as in PyTorch.
        Name: string
        /// The tensor; null while there is none.
        Get: Modules.OptimizerState -> torch.Tensor | null
        /// Replaces the tensor.
        Set: Modules.OptimizerState -> torch.Tensor -> unit
    }

/// A kind of TorchSharp's optimizers that is run as the rule of the same name.
[<NoEquality; NoComparison>]
type internal Mirror =
    {
        /// TorchSharp's class. Classes derived from it may step differently.
        Optimizer: Type
        /// The rule with the options of a parameter group.
        Rule: Modules.OptimizerOptions -> Rule
        /// The slots, in any order.
        Slots: TorchSlot list
        /// The number of steps that a parameter has taken.
        Count: Modules.OptimizerState -> int64
        /// Sets the number of steps, and what follows from it and the options.
        SetCount: Modules.OptimizerOptions -> Modules.OptimizerState -> int64 -> unit
    }

/// Building mirrors.
module internal Mirror =

    /// An option of TorchSharp's; it is null for one that was never set.
    let number (option: Nullable<float>) : float = option.GetValueOrDefault()

    /// An option of TorchSharp's; it is null for one that was never set.
    let flag (option: Nullable<bool>) : bool = option.GetValueOrDefault()

    /// A mirror of `'Optimizer`, from functions on its options and on the state that it keeps for a parameter.
    let create<'Optimizer, 'Options, 'State
        when 'Options :> Modules.OptimizerOptions and 'State :> Modules.OptimizerState>
        (rule: 'Options -> Rule)
        (slots: (string * ('State -> torch.Tensor | null) * ('State -> torch.Tensor -> unit)) list)
        (count: 'State -> int64)
        (setCount: 'Options -> 'State -> int64 -> unit)
        : Mirror =
        let state (state: Modules.OptimizerState) : 'State = downcast state
        let options (options: Modules.OptimizerOptions) : 'Options = downcast options

        {
            Optimizer = typeof<'Optimizer>
            Rule = options >> rule
            Slots =
                [
                    for name, get, set in slots ->
                        {
                            Name = name
                            Get = state >> get
                            Set = state >> set
                        }
                ]
            Count = state >> count
            SetCount = fun group parameter number -> setCount (options group) (state parameter) number
        }

namespace MetricLearning

open MetricLearning.Core

/// Rules with one option changed; a rule that lacks the option is an ArgumentException.
module internal RuleOption =

    let private lacks (option: string) (rule: Rule) : Rule =
        let kind =
            match rule with
            | Rule.Sgd _ -> "SGD"
            | Rule.Adam _ -> "Adam"
            | Rule.AdamW _ -> "AdamW"
            | Rule.RmsProp _ -> "RMSProp"
            | Rule.Adagrad _ -> "Adagrad"
            | Rule.Adadelta _ -> "Adadelta"
            | Rule.Adamax _ -> "Adamax"
            | Rule.NAdam _ -> "NAdam"
            | Rule.RAdam _ -> "RAdam"

        invalidArg (nameof rule) $"{kind} has no option {option}."

    /// Momentum, for SGD and RMSProp.
    let momentum (momentum: float) : Rule -> Rule =
        function
        | Rule.Sgd options -> Rule.Sgd { options with Momentum = momentum }
        | Rule.RmsProp options -> Rule.RmsProp { options with Momentum = momentum }
        | rule -> lacks "momentum" rule

    /// Nesterov momentum, for SGD that has momentum already.
    let nesterov: Rule -> Rule =
        function
        | Rule.Sgd options -> Rule.Sgd { options with Nesterov = true }
        | rule -> lacks "nesterov" rule

    /// The betas of Adam and its relatives.
    let betas (beta1: float) (beta2: float) : Rule -> Rule =
        function
        | Rule.Adam options ->
            Rule.Adam
                { options with
                    Beta1 = beta1
                    Beta2 = beta2
                }
        | Rule.AdamW options ->
            Rule.AdamW
                { options with
                    Beta1 = beta1
                    Beta2 = beta2
                }
        | Rule.Adamax options ->
            Rule.Adamax
                { options with
                    Beta1 = beta1
                    Beta2 = beta2
                }
        | Rule.NAdam options ->
            Rule.NAdam
                { options with
                    Beta1 = beta1
                    Beta2 = beta2
                }
        | Rule.RAdam options ->
            Rule.RAdam
                { options with
                    Beta1 = beta1
                    Beta2 = beta2
                }
        | rule -> lacks "betas" rule

    /// AMSGrad, for Adam and AdamW.
    let amsGrad: Rule -> Rule =
        function
        | Rule.Adam options -> Rule.Adam { options with AmsGrad = true }
        | Rule.AdamW options -> Rule.AdamW { options with AmsGrad = true }
        | rule -> lacks "amsgrad" rule

    /// Weight decay.
    let weightDecay (decay: float) : Rule -> Rule =
        function
        | Rule.Sgd options -> Rule.Sgd { options with WeightDecay = decay }
        | Rule.Adam options -> Rule.Adam { options with WeightDecay = decay }
        | Rule.AdamW options -> Rule.AdamW { options with WeightDecay = decay }
        | Rule.RmsProp options -> Rule.RmsProp { options with WeightDecay = decay }
        | Rule.Adagrad options -> Rule.Adagrad { options with WeightDecay = decay }
        | Rule.Adadelta options -> Rule.Adadelta { options with WeightDecay = decay }
        | Rule.Adamax options -> Rule.Adamax { options with WeightDecay = decay }
        | Rule.NAdam options -> Rule.NAdam { options with WeightDecay = decay }
        | Rule.RAdam options -> Rule.RAdam { options with WeightDecay = decay }

    /// Climbs the loss.
    let maximize: Rule -> Rule =
        function
        | Rule.Sgd options -> Rule.Sgd { options with Maximize = true }
        | Rule.Adam options -> Rule.Adam { options with Maximize = true }
        | Rule.AdamW options -> Rule.AdamW { options with Maximize = true }
        | Rule.RmsProp options -> Rule.RmsProp { options with Maximize = true }
        | Rule.Adagrad options -> Rule.Adagrad { options with Maximize = true }
        | Rule.Adadelta options -> Rule.Adadelta { options with Maximize = true }
        | Rule.Adamax options -> Rule.Adamax { options with Maximize = true }
        | Rule.NAdam options -> Rule.NAdam { options with Maximize = true }
        | Rule.RAdam options -> Rule.RAdam { options with Maximize = true }

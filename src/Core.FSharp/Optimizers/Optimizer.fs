namespace MetricLearning

open MetricLearning.Core
open System

/// Parameters with options of their own: those whose dotted name `Covers` accepts, such as "features.0.bias".
type OptimizerGroup =
    {
        /// Which parameters it has, by their dotted names.
        Covers: Predicate<string>
        /// How a step is made.
        Rule: Rule
        /// The learning rate, where no schedule rules.
        LearningRate: float
    }

/// An optimizer as a value: it needs no parameters, its key says whose they are, and its slots are part of the state.
/// A parameter belongs to the first of the groups that covers it; the others follow `Rule` and `LearningRate`.
type Optimizer =
    {
        /// How a step is made.
        Rule: Rule
        /// The learning rate, where no schedule rules.
        LearningRate: float
        /// Parameters with options of their own.
        Groups: OptimizerGroup list
    }

/// Making optimizers. Options start from PyTorch's defaults; one out of range is an ArgumentException that names it.
[<RequireQualifiedAccess>]
module Optimizer =

    /// An optimizer that follows this rule.
    let create (rule: Rule) (lr: float) : Optimizer =
        Ranges.notNegative (nameof lr) lr

        {
            Rule = Rule.validate rule
            LearningRate = lr
            Groups = []
        }

    /// Stochastic gradient descent.
    let sgd (lr: float) : Optimizer = create (Rule.Sgd Sgd.defaults) lr

    /// Adam (Kingma & Ba 2015).
    let adam (lr: float) : Optimizer = create (Rule.Adam Adam.defaults) lr

    /// AdamW (Loshchilov & Hutter 2019), with PyTorch's weight decay of 0.01.
    let adamW (lr: float) : Optimizer =
        create
            (Rule.AdamW
                { Adam.defaults with
                    WeightDecay = 0.01
                })
            lr

    /// RMSProp (Hinton 2012).
    let rmsProp (lr: float) : Optimizer =
        create (Rule.RmsProp RmsProp.defaults) lr

    /// Adagrad (Duchi et al. 2011).
    let adagrad (lr: float) : Optimizer =
        create (Rule.Adagrad Adagrad.defaults) lr

    /// Adadelta (Zeiler 2012).
    let adadelta (lr: float) : Optimizer =
        create (Rule.Adadelta Adadelta.defaults) lr

    /// Adamax (Kingma & Ba 2015, section 7.1).
    let adamax (lr: float) : Optimizer = create (Rule.Adamax Adamax.defaults) lr

    /// NAdam (Dozat 2016).
    let nAdam (lr: float) : Optimizer = create (Rule.NAdam NAdam.defaults) lr

    /// RAdam (Liu et al. 2020).
    let rAdam (lr: float) : Optimizer = create (Rule.RAdam RAdam.defaults) lr

    let private withRule (change: Rule -> Rule) (optimizer: Optimizer) : Optimizer =
        { optimizer with
            Rule = Rule.validate (change optimizer.Rule)
        }

    /// Momentum, for SGD and RMSProp.
    let momentum (momentum: float) : Optimizer -> Optimizer = withRule (RuleOption.momentum momentum)

    /// Nesterov momentum, for SGD that has momentum already.
    let nesterov: Optimizer -> Optimizer = withRule RuleOption.nesterov

    /// The betas of Adam and its relatives.
    let betas (beta1: float) (beta2: float) : Optimizer -> Optimizer = withRule (RuleOption.betas beta1 beta2)

    /// AMSGrad, for Adam and AdamW.
    let amsGrad: Optimizer -> Optimizer = withRule RuleOption.amsGrad

    /// Weight decay.
    let weightDecay (decay: float) : Optimizer -> Optimizer = withRule (RuleOption.weightDecay decay)

    /// Climbs the loss.
    let maximize: Optimizer -> Optimizer = withRule RuleOption.maximize

    /// The same rule at another learning rate.
    let learningRate (lr: float) (optimizer: Optimizer) : Optimizer =
        { create optimizer.Rule lr with
            Groups = optimizer.Groups
        }

    /// Adds a group of the parameters whose dotted names `covers` accepts, with a rule and a rate of their own.
    let addGroup (covers: Predicate<string>) (rule: Rule) (lr: float) (optimizer: Optimizer) : Optimizer =
        let own = create rule lr

        { optimizer with
            Groups =
                optimizer.Groups
                @ [
                    {
                        Covers = covers
                        Rule = own.Rule
                        LearningRate = own.LearningRate
                    }
                ]
        }

    /// Adds a group that starts from the optimizer's options as they are by now, and changes them.
    /// Optimizer.adamW 1e-3 |> Optimizer.group (fun name -> name.EndsWith "bias") (Optimizer.weightDecay 0.0)
    let group (covers: string -> bool) (change: Optimizer -> Optimizer) (optimizer: Optimizer) : Optimizer =
        let changed = change { optimizer with Groups = [] }
        addGroup (Predicate covers) changed.Rule changed.LearningRate optimizer

    /// Rule and learning rate of each parameter group: first that of all parameters that no group covers.
    let groups (optimizer: Optimizer) : struct (Rule * float)[] =
        [|
            struct (optimizer.Rule, optimizer.LearningRate)
            for group in optimizer.Groups do
                struct (group.Rule, group.LearningRate)
        |]

    /// Which of `groups` the parameter of this dotted name belongs to.
    let groupOf (optimizer: Optimizer) (name: string) : int =
        match optimizer.Groups |> List.tryFindIndex (fun group -> group.Covers.Invoke name) with
        | Some index -> index + 1
        | None -> 0

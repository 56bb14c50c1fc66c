namespace MetricLearning

open TorchSharp

/// How weights follow their gradients: the kind of optimizer and its options. The learning rate is not part of it.
[<RequireQualifiedAccess>]
type internal Rule =
    | Sgd of Sgd
    | Adam of Adam
    | AdamW of Adam
    | RmsProp of RmsProp
    | Adagrad of Adagrad
    | Adadelta of Adadelta
    | Adamax of Adamax
    | NAdam of NAdam
    | RAdam of RAdam

/// Using rules.
[<RequireQualifiedAccess>]
module internal Rule =

    /// The rule itself, if its options are in range; else an ArgumentException that names the option.
    let validate (rule: Rule) : Rule =
        match rule with
        | Rule.Sgd options -> Sgd.validate options
        | Rule.Adam options
        | Rule.AdamW options -> Adam.validate options
        | Rule.RmsProp options -> RmsProp.validate options
        | Rule.Adagrad options -> Adagrad.validate options
        | Rule.Adadelta options -> Adadelta.validate options
        | Rule.Adamax options -> Adamax.validate options
        | Rule.NAdam options -> NAdam.validate options
        | Rule.RAdam options -> RAdam.validate options

        rule

    /// What TorchSharp calls the rule.
    let name (rule: Rule) : string =
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

    /// What the rule keeps for each weight, in the order in which `update` takes it. Options may add slots.
    let slots (rule: Rule) : SlotSpec[] =
        match rule with
        | Rule.Sgd options -> Sgd.slots options
        | Rule.Adam options
        | Rule.AdamW options -> Adam.slots options
        | Rule.RmsProp options -> RmsProp.slots options
        | Rule.Adagrad options -> Adagrad.slots options
        | Rule.Adadelta _ -> Adadelta.slots
        | Rule.Adamax _ -> Adamax.slots
        | Rule.NAdam _
        | Rule.RAdam _ -> Moments.slots

    /// One step, written into the slots and the weights: flat tensors of one length, like the gradient, which is left
    /// as it is. `count` is the step's number for these weights, from 1. The caller has switched gradients off.
    let update
        (rule: Rule)
        (rate: float)
        (count: int64)
        (gradient: torch.Tensor)
        (slots: torch.Tensor[])
        (weights: torch.Tensor)
        : unit =
        match rule with
        | Rule.Sgd options -> Sgd.update options rate count gradient slots weights
        | Rule.Adam options -> Adam.update false options rate count gradient slots weights
        | Rule.AdamW options -> Adam.update true options rate count gradient slots weights
        | Rule.RmsProp options -> RmsProp.update options rate gradient slots weights
        | Rule.Adagrad options -> Adagrad.update options rate count gradient slots weights
        | Rule.Adadelta options -> Adadelta.update options rate gradient slots weights
        | Rule.Adamax options -> Adamax.update options rate count gradient slots weights
        | Rule.NAdam options -> NAdam.update options rate count gradient slots weights
        | Rule.RAdam options -> RAdam.update options rate count gradient slots weights

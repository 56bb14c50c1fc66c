namespace MetricLearning

open TorchSharp
open MetricLearning.Mirror

/// AdamW (Loshchilov & Hutter 2019): Adam whose weight decay shrinks the weights themselves, w ← (1 − rate · decay) · w.
module internal AdamW =

    /// The rule with these options; they are described in PureOptimizer.fs.
    let rule options : Rule = Adam.create "AdamW" true options

    /// TorchSharp's AdamW.
    let mirror: Mirror =
        Mirror.create<Modules.AdamW, Modules.AdamW.Options, Modules.AdamW.State>
            (fun it ->
                rule (
                    number it.beta1,
                    number it.beta2,
                    number it.eps,
                    number it.weight_decay,
                    flag it.amsgrad,
                    flag it.maximize
                ))
            [
                "exp_avg", _.exp_avg, (fun state slot -> state.exp_avg <- slot)
                "exp_avg_sq", _.exp_avg_sq, (fun state slot -> state.exp_avg_sq <- slot)
                "max_exp_avg_sq", _.max_exp_avg_sq, (fun state slot -> state.max_exp_avg_sq <- slot)
            ]
            _.step
            (fun _ state count -> state.step <- count)

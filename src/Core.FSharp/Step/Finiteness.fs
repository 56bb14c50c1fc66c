namespace MetricLearning.Core

open System
open System.Runtime.InteropServices
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Keeping numbers that are not finite out of states: the messages, which are looked for only once there is something to say.
module internal Finiteness =

    // Counted from 1, as epochs are.
    let private place (progress: Progress) =
        $"in epoch {progress.Epoch}, iteration {progress.Iteration + 1}"

    let private refuse (message: string) (number: float) : 'Never =
        raise (NotFiniteNumberException(message, number))

    // What to do about numbers that a forward pass made.
    let private ofForwardPass (precision: Precision) =
        match precision with
        | Precision.Float16 ->
            "inside networks, numbers of Precision.Float16 end at 65,504: use Precision.BFloat16 or Float32, scale inputs down, or look for NaN or infinite ones"
        | _ -> "look for NaN or infinite inputs, or lower the learning rate"

    /// The losses, if their sum is finite; else raises NotFiniteNumberException.
    let check (precision: Precision) (progress: Progress) (losses: Map<string, float>) : Map<string, float> =
        if not (Double.IsFinite losses[Keys.TotalLoss]) then
            let values =
                losses
                |> Map.toSeq
                |> Seq.map (fun (name, value) -> $"{name} = {value}")
                |> String.concat ", "

            refuse
                $"The loss is not finite {place progress} ({values}). Nothing was changed; {ofForwardPass precision}."
                losses[Keys.TotalLoss]

        losses

    let private shown (names: string[]) =
        let some =
            names |> Seq.truncate 3 |> Seq.map (sprintf "\"%s\"") |> String.concat ", "

        if names.Length > 3 then
            $"{some} and {names.Length - 3} more"
        else
            some

    // The names of the slots whose magnitude is not finite.
    let private broken (layout: Layout) (magnitudes: float[]) : string[] =
        [|
            for slot, magnitude in Array.zip layout.Slots magnitudes do
                if not (Double.IsFinite magnitude) then
                    slot.Name
        |]

    let private owner (group: ParameterGroup) =
        match group.Optimizer with
        | Some key -> $"optimizer \"{key}\", parameter group {group.Index}"
        | None -> "in no optimizer"

    let private isNarrow (layout: Layout) = layout.Dtype = ScalarType.Float16

    /// Raises NotFiniteNumberException for the gradients of a group, one of which is not finite.
    let refuseGradients
        (precision: Precision)
        (progress: Progress)
        (group: ParameterGroup)
        (gradients: Gradients)
        (found: float)
        : 'Never =
        let magnitudes =
            gradients.Tensors
            |> Array.map (function
                | null -> 0.0
                | gradient -> (Magnitude.ofTensor gradient).item<float>())

        let cause =
            if isNarrow group.Layout then
                "float16 ends at 65,504: train in float32 or bfloat16, or make the loss smaller (LossWeights)"
            elif precision = Precision.Float16 then
                $"the scale of the loss has come down to {LossScale.Least}, and inside networks numbers of Precision.Float16 end at 65,504: use Precision.BFloat16 or Float32, or make the loss smaller (LossWeights)"
            else
                "look for a root, a norm or a logarithm whose derivative at 0 is infinite, and for a division by 0, in networks and loss functions"

        refuse
            $"The loss is finite {place progress}, but its gradient for {shown (broken group.Layout magnitudes)} is not ({owner group}). Nothing was changed; {cause}."
            found

    /// Raises NotFiniteNumberException for the weights of a group before it steps.
    let refuseWeights (progress: Progress) (group: ParameterGroup) (weights: Tensor) (found: float) : 'Never =
        let names = broken group.Layout (Magnitude.ofSlots group.Layout weights)

        refuse
            $"The weights {shown names} are not finite before the step {place progress} ({owner group}). No step was taken; look for what writes into them: a hook, a file they were loaded from, or a forward pass."
            found

    // A divisor may become 0 where this is; it says what to write instead.
    let private vanishedEps (layout: Layout) (rule: Rule) =
        match rule.Eps with
        | Some eps when FloatTypes.round layout.Dtype eps = 0.0 -> Some eps
        | _ -> None

    /// Raises NotFiniteNumberException for a group whose step made weights or slots that are not finite.
    let refuseStep
        (progress: Progress)
        (group: ParameterGroup)
        (move: GroupMove)
        (vectors: (string * Tensor)[])
        : 'Never =
        let what =
            [
                for name, vector in vectors do
                    match broken group.Layout (Magnitude.ofSlots group.Layout vector) with
                    | [||] -> ()
                    | names -> $"{name} of {shown names}"
            ]
            |> String.concat ", "

        let slower = "lower the learning rate"

        let cause =
            match move with
            | GroupMove.ByRule(rule, _, _) when (vanishedEps group.Layout rule).IsSome ->
                $"eps = {(vanishedEps group.Layout rule).Value} is 0 in {group.Layout.Dtype}, so the step divides by 0 where a gradient is 0 or small: set eps to 1e-4, say, or train in float32 or bfloat16"
            | GroupMove.ByRule({ Eps = Some 0.0 }, _, _) ->
                "its eps is 0, so the step divides by 0 where a gradient is 0: set one"
            | _ when isNarrow group.Layout -> $"float16 ends at 65,504: train in float32 or bfloat16, or {slower}"
            | _ -> $"{slower}, or clip gradients"

        refuse
            $"The step of the optimizer made numbers that are not finite {place progress} ({owner group}): {what}. Nothing was changed; {cause}."
            nan

    /// Raises NotFiniteNumberException for a step that libtorch could not compute.
    let refuseRate (progress: Progress) (group: ParameterGroup) (rate: float) (error: ExternalException) : 'Never =
        refuse
            $"The optimizer cannot step at the learning rate {rate} {place progress} ({owner group}): {Parts.reason error}. Nothing was changed; lower the learning rate."
            rate

    /// Raises NotFiniteNumberException when the forward pass wrote into buffers what is not finite and had been. Buffers may
    /// hold infinity on purpose, as masks do.
    let checkBuffers
        (precision: Precision)
        (progress: Progress)
        (layout: Layout)
        (before: Tensor)
        (after: Tensor)
        : unit =
        let names =
            [|
                for slot in layout.Slots do
                    use was = (Layout.view slot before).isfinite()
                    use now = (Layout.view slot after).isfinite()

                    if (was.logical_and (now.logical_not ())).any().item<bool>() then
                        slot.Name
            |]

        if names.Length > 0 then
            // libtorch takes the variance of one row, which is 0 / 0, without a word.
            let cause =
                if
                    names
                    |> Array.forall (fun name -> name.EndsWith("running_var", StringComparison.Ordinal))
                then
                    "batch norm has no variance of a single row: give larger batches (or a miner that leaves more triplets), or use another norm there"
                else
                    ofForwardPass precision

            refuse
                $"The forward pass {place progress} wrote numbers that are not finite into {shown names}. Nothing was changed; {cause}."
                nan

namespace MetricLearning

open System
open TorchSharp

/// A module with numbers that it learns, and numbers that it remembers.
[<AbstractClass>]
type LearningModule internal (name: string) =
    inherit torch.nn.Module(name)

    /// Registers a parameter, for a loss that learns: its name in the loss's state, and its initial value. It outlives any
    /// dispose scope; give it to an optimizer. No field of the loss may have the parameter's name: TorchSharp would take it
    /// for the parameter when the loss is moved.
    member this.Learn(name: string, initial: torch.Tensor) : unit =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        ArgumentNullException.ThrowIfNull(initial, nameof initial)

        if not (initial.is_floating_point ()) then
            invalidArg
                (nameof initial)
                $"{name} is learned: its numbers must be floating-point numbers, not {initial.dtype}."

        let parameter = new Modules.Parameter(initial)
        parameter.DetachFromDisposeScope() |> ignore
        this.register_parameter (name, parameter)

    /// A registered parameter, in the dtype and on the device of the embeddings.
    member this.Learned(name: string, embeddings: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        ArgumentNullException.ThrowIfNull(embeddings, nameof embeddings)

        match this.get_parameter name with
        | null -> invalidOp $"This loss has no parameter {name}: Learn it in the constructor."
        | parameter -> parameter.``to`` embeddings

    /// Registers a buffer, for a loss that remembers: its name in the loss's state, and its initial value. It outlives any
    /// dispose scope. Memory is part of the training state only if it is all in such buffers, and they are written in
    /// place (`copy_`), never replaced.
    member this.Remember(name: string, initial: torch.Tensor) : unit =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        ArgumentNullException.ThrowIfNull(initial, nameof initial)
        initial.DetachFromDisposeScope() |> ignore
        this.register_buffer (name, initial)

    /// A registered buffer itself.
    member this.Remembered(name: string) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(name, nameof name)

        match this.get_buffer name with
        | null -> invalidOp $"This loss has no buffer {name}: Remember it in the constructor."
        | buffer -> buffer

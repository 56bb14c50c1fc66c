namespace MetricLearning.Core

open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// A network or loss function in use by a run.
[<ReferenceEquality>]
type ModuleHandle =
    {
        /// Its key in the user's dictionary.
        Key: string
        /// The user's module.
        Module: nn.Module
        /// The module and everything in it.
        Modules: nn.Module[]
        /// The batch-norm layers in it that `FreezeTrunkBatchnorm` keeps in evaluation mode.
        KeptInEval: HashSet<nn.Module>
        /// Its parameters and whether the user lets each of them train.
        Parameters: struct (Modules.Parameter * bool)[]
    }

/// A network: a module with a forward pass.
[<ReferenceEquality>]
type Network =
    {
        /// Its modules and parameters.
        Handle: ModuleHandle
        /// The forward pass; the number of tensors it takes was checked at construction.
        Forward: Tensor[] -> Tensor
    }

/// A loss function: from embeddings (or logits), labels and tuples to a scalar.
[<ReferenceEquality>]
type LossFunction =
    {
        /// Its modules and parameters.
        Handle: ModuleHandle
        /// The loss of embeddings and labels, on the mined tuples.
        Compute: Mined -> Seed -> Tensor
        /// The same with reference embeddings and their labels; None for a module that takes none.
        Against: (Mined -> Tensor -> Tensor -> Seed -> Tensor) option
    }

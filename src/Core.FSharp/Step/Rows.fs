namespace MetricLearning.Core

#nowarn "3535" // An interface with a static member: from tensors to rows of a kind, without a row to start from.

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// The tensors that cross the cut between the two halves of a recipe: one row a sample in each of them.
type Rows =
    {
        /// The outputs of the first half; the first dimension counts the samples.
        Tensors: Tensor[]
        /// Int64 of shape (N).
        Labels: Tensor
    }

    interface IRows<Rows> with
        member rows.ToRows() = rows
        static member OfRows rows = rows

/// A record of tensors, one row a sample, that can cross the cut.
and IRows<'Rows> =
    /// Its tensors, in a fixed order, and its labels.
    abstract ToRows: unit -> Rows
    /// The record with these tensors and labels.
    static abstract OfRows: Rows -> 'Rows

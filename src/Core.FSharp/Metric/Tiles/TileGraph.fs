namespace MetricLearning

open System
open TorchSharp

/// The beginnings of the graphs of tiles, and their gradients.
module internal TileGraph =

    /// The same numbers as the beginning of a graph, if gradients of them are wanted.
    let leaf (learns: bool) (numbers: torch.Tensor) : torch.Tensor = numbers.detach().requires_grad_ learns

    /// The gradients of leaves, from outputs with these weights (null: 1); null of a leaf that no output was made of. What
    /// `grad` of the leaves held it holds afterwards.
    let gradients
        (isKept: bool)
        (outputs: torch.Tensor[])
        (weights: torch.Tensor[] | null)
        (leaves: torch.Tensor[])
        : (torch.Tensor | null)[] =
        // torch.autograd.grad would do, but for tensors that are none, which TorchSharp counts as alive ever after.
        let before = leaves |> Array.map _.grad

        try
            for leaf in leaves do
                leaf.grad <- null

            torch.autograd.backward (outputs, weights, Nullable isKept, false, leaves)
            leaves |> Array.map _.grad
        finally
            Array.iter2 (fun (leaf: torch.Tensor) before -> leaf.grad <- before) leaves before

namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// The embeddings of several views of every sample: row i of each is of sample i.
[<ReferenceEquality>]
type Viewed =
    {
        /// One for each view, of shape (N, D).
        Views: Tensor[]
        /// Int64 of shape (N).
        Labels: Tensor
    }

    interface IRows<Viewed> with
        member viewed.ToRows() =
            {
                Tensors = viewed.Views
                Labels = viewed.Labels
            }

        static member OfRows rows =
            {
                Views = rows.Tensors
                Labels = rows.Labels
            }

/// From samples of (view, other view, …, label) to losses.
module MultiView =

    /// Mistakes that a data set of tensors shows before the first batch.
    let internal inspect (trainer: string) (options: RunOptions) : Diagnostics =
        Diagnostics.errors
            [
                match options.Dataset with
                | TrainingData.Tensors(inputs, _) when inputs.Length < 2 ->
                    $"The dataset has {inputs.Length} input tensor(s); {trainer} takes two views of every sample, side by side. Give as many tensors, or let ToViews make views of samples that a seed changes."
                | _ -> ()
            ]

    // A trunk that takes any number of inputs is given one view at a time as well.
    let private inputsOfView (ctx: Context) : int =
        match ctx.Networks.TryGetValue Keys.Trunk with
        | true, trunk -> TorchModules.arity trunk.Handle.Module |> Option.defaultValue 1
        | _ -> 1

    /// The views of a batch, each as a batch of its own.
    /// Raises InvalidOperationException when a sample does not have at least two.
    let split (ctx: Context) (batch: Batch) : Batch[] =
        let each, all = inputsOfView ctx, batch.Data.Length

        if all < 2 * each || all % each <> 0 then
            invalidOp
                $"A sample must be (view, other view, label), with two views or more; these have {all} input(s) besides the label, and a view has {each}. Let ToViews or ToLabelledViews of the TrainingData make views."

        batch.Data
        |> Array.chunkBySize each
        |> Array.map (fun data -> { batch with Data = data })

    /// The embeddings of all views, each from a forward pass of its own.
    /// Raises InvalidOperationException when a sample does not have at least two.
    let embed (ctx: Context) (batch: Batch) : Viewed =
        {
            Views = split ctx batch |> Array.map (fun view -> (Embedding.embed ctx view).Embeddings)
            Labels = batch.Labels
        }

    /// All views as one set of rows, the first views first, with the tuples that the tuple miner chooses among them.
    let mine (ctx: Context) (viewed: Viewed) : Mined =
        Mining.mine
            ctx
            {
                Embeddings = torch.cat (viewed.Views, 0L)
                Labels = torch.cat (Array.replicate viewed.Views.Length viewed.Labels, 0L)
            }

    // The mean over all pairs of views.
    let private acrossPairs (name: string) (ctx: Context) (viewed: Viewed) : Tensor =
        let embedded (number: int) : Embedded =
            {
                Embeddings = viewed.Views[number]
                Labels = viewed.Labels
            }

        let losses =
            [|
                for second in 1 .. viewed.Views.Length - 1 do
                    for first in 0 .. second - 1 do
                        Objective.lossAgainst name ctx (embedded second) (Mining.all (embedded first))
            |]

        match losses with
        | [| only |] -> only
        | several -> torch.stack(several).mean()

    let private takesViews (name: string) (ctx: Context) : bool =
        match ctx.Losses.TryGetValue name with
        | true, loss ->
            match box loss.Handle.Module with
            | :? Loss as loss -> not loss.TakesLabels
            | _ -> false
        | _ -> false

    /// The metric loss: on all views with their labels, or, for a loss that takes none (VICReg, SelfSupervised), on each view
    /// against each other one.
    let metric (ctx: Context) (viewed: Viewed) : Losses =
        if takesViews Keys.MetricLoss ctx then
            Objective.term Keys.MetricLoss ctx (acrossPairs Keys.MetricLoss ctx) viewed
        else
            viewed |> mine ctx |> Objective.metric ctx

// A trainer of one's own, composed from the steps that all trainers are made of: a metric loss on the embedder's output
// and another one on the trunk's.
//     dotnet fsi samples/scripts/recipe.fsx
#load "setup.fsx"

open TorchSharp
open Digits
open MetricLearning
open MetricLearning.Core

let train, test = Data.load ()
torch.manual_seed 1L |> ignore

/// The trunk's output, compared as if it were embeddings.
let asEmbeddings (featured: Featured) : Embedded =
    {
        Embeddings = featured.Features
        Labels = featured.Labels
    }

/// Two losses, each on its own embeddings. `<+>` joins them; the trainer weighs and adds them up.
let losses (ctx: Context) : Featured -> Losses =
    (Embedding.ofFeatures ctx >> Mining.mine ctx >> Objective.metric ctx)
    <+> (asEmbeddings >> Mining.all >> Objective.metricAs "trunk_loss" ctx)

// The trunk maps each sample by itself; the losses see the features of the whole batch.
let recipe =
    Recipe.custom [ "trunk"; "embedder" ] [ "metric_loss"; "trunk_loss" ] [] Embedding.features losses

let trunk =
    torch.nn.Sequential(
        torch.nn.Linear(64L, 128L) :> torch.nn.Module<torch.Tensor, torch.Tensor>,
        torch.nn.ReLU(),
        torch.nn.Linear(128L, 64L),
        torch.nn.ReLU()
    )

let embedder = torch.nn.Linear(64L, 32L)

let run =
    Setup.prepare
        recipe
        (RunOptions(
            Models = Models(Trunk = trunk, Embedder = embedder),
            LossFuncs =
                LossFuncs.Of
                    [
                        "metric_loss", new TripletMarginLoss(margin = 0.1)
                        "trunk_loss", new ContrastiveLoss()
                    ],
            Optimizers = Optimizers(Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3)),
            BatchSize = 40,
            Dataset = TrainingData.FromTensors(train.Pictures, train.Labels),
            LossWeights = LossWeights.Of [ "metric_loss", 1.0; "trunk_loss", 0.25 ],
            Sampler = MPerClassSampler(train.Labels.data<int64>().ToArray(), 4, 40, 1078L),
            Seed = 1L
        ))

// A step is a function from state to state, so training is a fold.
let totals, trained =
    Run.fold run 100 (fun totals state -> state.Losses[Keys.TotalLoss] :: totals) [] run.State

printfn "after %d steps: %A" trained.Steps (Map.toList trained.Progress.Losses)
printfn "mean loss of the last 10: %.4f" (List.average (List.take 10 totals))

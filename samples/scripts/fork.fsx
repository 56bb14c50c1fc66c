// One run, forked at iteration 100: the same weights, optimizer slots and random numbers go on with two learning rates.
//     dotnet fsi samples/scripts/fork.fsx
#load "setup.fsx"

open TorchSharp
open Digits
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Trainers

let train, test = Data.load ()
torch.manual_seed 1L |> ignore

let trunk =
    torch.nn.Sequential(
        torch.nn.Linear(64L, 128L) :> torch.nn.Module<torch.Tensor, torch.Tensor>,
        torch.nn.ReLU(),
        torch.nn.Linear(128L, 32L)
    )

let run =
    Setup.prepare
        MetricLossOnly.recipe
        { Ingredients.create
              [ ("trunk", trunk) ]
              [ ("metric_loss", Contrastive.loss Contrastive.defaults) ]
              [ ("trunk_optimizer", PureOptimizer.Adam(1e-3)) ]
              40
              (Dataset.ofTensors train.Pictures train.Labels) with
            Sampler = Sampling.Sampler(MPerClass(train.Labels.data<int64>().ToArray(), 4, 40, 1078L))
            Seed = Some 1L
        }

/// `count` further steps. States that nobody needs any more give their memory back.
let steps (count: int) (state: TrainingState) : TrainingState =
    (state.Share(), [ 1..count ])
    ||> Seq.fold (fun state _ ->
        use before = state
        Iteration.step run.Recipe run.Handles before)

let withRate (rate: float) (state: TrainingState) : TrainingState =
    { state with
        Progress =
            { state.Progress with
                Rates = Map.map (fun _ rates -> Array.map (fun _ -> rate) rates) state.Progress.Rates
            }
    }

let score (state: TrainingState) =
    Binding.bind run.Handles state
    use _ = torch.no_grad ()
    (Retrieval.score (trunk.call test.Pictures) test.Labels).MapAtR

let fork = steps 100 run.State
let slow = fork |> withRate 3e-4 |> steps 150
let fast = fork |> withRate 3e-3 |> steps 150

printfn "at the fork, iteration %d: MAP@R %.3f" fork.Progress.Steps (score fork)
printfn "150 iterations at 3e-4:    MAP@R %.3f" (score slow)
printfn "150 iterations at 3e-3:    MAP@R %.3f" (score fast)
printfn "the fork is as it was:     MAP@R %.3f" (score fork)

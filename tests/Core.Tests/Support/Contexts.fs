/// Objectives without a run: contexts by hand, in float64.
module MetricLearning.Core.Tests.Support.Contexts

open System.Collections.Generic
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private handle (key: string) (owner: torch.nn.Module) =
    HandleAssembly.moduleHandle (fun _ -> false) key owner

let private dictionary (entries: (string * 'Value) list) : IReadOnlyDictionary<string, 'Value> = Map.ofList entries

/// A network made of a function.
type Made(make: torch.Tensor -> torch.Tensor) =
    inherit torch.nn.Module<torch.Tensor, torch.Tensor>("Made")
    override _.forward input = make input

let identity () =
    new Made(id) :> torch.nn.Module<torch.Tensor, torch.Tensor>

/// A linear layer in float64.
let linear (inputs: int64) (outputs: int64) : torch.nn.Module<torch.Tensor, torch.Tensor> =
    let layer = torch.nn.Linear(inputs, outputs)
    layer.``to`` torch.float64 |> ignore
    layer

// All keys that the documented trainers know, a cascade of three sections among them.
let private schema =
    let cascade = CascadedEmbeddings.schema [ 1; 1; 1 ]
    let adversarial = DeepAdversarialMetricLearning.schema

    { adversarial with
        Trainer = "a trainer"
        Models = adversarial.Models @ cascade.Models
        Losses = adversarial.Losses @ cascade.Losses
        Miners = adversarial.Miners @ cascade.Miners
    }

let private ofParts
    (networks: (string * torch.nn.Module<torch.Tensor, torch.Tensor>) list)
    (losses: (string * Loss) list)
    (miners: (string * Miner) list)
    (seed: int64)
    : Context =
    {
        Plan =
            {
                Weights = Map.empty
                Frozen = Set.empty
                Stepping = []
            }
        Schema = schema
        Networks =
            dictionary
                [
                    for key, network in networks ->
                        key,
                        {
                            Handle = handle key network
                            Forward = fun inputs -> network.call inputs[0]
                        }
                ]
        Losses =
            dictionary
                [
                    for key, loss in losses -> key, (HandleAssembly.lossFunction (handle key loss)).Value
                ]
        Miners = dictionary miners
        Seed = Seed.ofInt64 seed
        LabelRange = LabelRange.Unknown
    }

/// A context in which these losses count.
let context networks losses miners (counting: string list) (seed: int64) : Context =
    let ctx = ofParts networks losses miners seed

    { ctx with
        Plan =
            { ctx.Plan with
                Weights =
                    Map.ofList
                        [
                            for name in List.map fst schema.Losses @ schema.ExtraLosses do
                                name, 0.0
                            for name in counting do
                                name, 1.0
                        ]
            }
    }

let batch (data: torch.Tensor list) (labels: int64 seq) : Batch =
    let labels = Seq.toArray labels

    {
        Data = List.toArray data
        Labels = torch.tensor labels
        Indices = Array.init labels.Length int64
    }

/// A loss that notes what it is given, and is the sum of the embeddings.
type Noting() =
    inherit Loss("Noting")
    let given = List<MetricInput>()
    member _.Given = given

    override this.ComputeLoss input =
        given.Add input
        [| ElementsOf.Reduced(this.Parts[0], input.Embeddings.sum ()) |]

/// A miner made of a function.
type MadeMiner(mine: MetricInput -> Tuples) =
    inherit Miner("MadeMiner")
    override _.MineTuples input = mine input

/// Inference models over fresh networks.
module MetricLearning.Core.Tests.Support.InferenceModels

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.EmbeddingNetworks

/// The first rows of data.
let inputs (count: int64) (data: Tensor) = data.narrow (0L, 0L, count)

/// Acts with a model and 40 samples.
let usingMade (make: torch.nn.Module * torch.nn.Module -> InferenceModel) (act: InferenceModel -> Tensor -> unit) =
    use _ = torch.NewDisposeScope()
    use trunk = trunk ()
    use embedder = embedder ()
    use model = make (trunk, embedder)
    act model (data 40L)

/// Acts with a model of defaults and 40 samples.
let using' (act: InferenceModel -> Tensor -> unit) =
    usingMade (fun (trunk, embedder) -> new InferenceModel(trunk, embedder)) act

/// The model's embeddings, by hand.
let byHand (model: InferenceModel) (data: Tensor) : Tensor =
    let network (layer: torch.nn.Module | null) =
        nonNull layer :?> torch.nn.Module<Tensor, Tensor>

    embedByHand [ network model.Trunk; network model.Embedder ] data
    |> fun embeddings -> torch.nn.functional.normalize (embeddings, 2.0, 1L)

let near (expected: Tensor) (actual: Tensor) (message: string) =
    Expect.sequenceEqual actual.shape expected.shape message
    Expect.isLessThan ((actual - expected).abs().max().ToDouble()) 1e-6 message

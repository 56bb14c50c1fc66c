namespace MetricLearning.Core.Reducers

open MetricLearning
open System.Collections.Generic
open TorchSharp
open MetricLearning.Core

/// A reducer for each part of a loss; the results are added.
module Multiple =

    /// The sum over all parts, each by the reducer of its name, or by `others`.
    let reduce
        (byName: IReadOnlyDictionary<string, Reducer>)
        (others: Reducer)
        (elements: IReadOnlyList<LossElements>)
        (embeddings: torch.Tensor)
        (labels: torch.Tensor | null)
        : torch.Tensor =
        let reduced (part: LossElements) =
            match byName.TryGetValue part.Name with
            | true, reducer -> reducer.ReduceOne(part, embeddings, labels)
            | _ -> others.ReduceOne(part, embeddings, labels)

        if elements.Count = 0 then
            Reducer.Zero embeddings
        else
            elements |> Seq.map reduced |> Seq.reduce (fun sum part -> sum + part)

    /// The reducer.
    let reducer (byName: IReadOnlyDictionary<string, Reducer>) (others: Reducer) : Reducer =
        { new Reducer() with
            override _.TakesAllParts = true
            override _.ByPart = byName

            override this.ReduceElements(elements, embeddings, labels) =
                this.Reduce([| elements |], embeddings, labels)

            override _.Reduce(elements, embeddings, labels) =
                reduce byName others elements embeddings labels
        }

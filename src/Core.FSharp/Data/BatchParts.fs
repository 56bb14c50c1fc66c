namespace MetricLearning

open System.Collections
open System.Runtime.CompilerServices
open TorchSharp
open MetricLearning.Core

/// Finding data and labels in a collated batch.
module internal BatchParts =

    /// Data and labels, neither of which may be null.
    let both (data: obj | null) (labels: obj | null) : struct (obj * obj) =
        match data, labels with
        | null, _ -> Labels.refuse "The data of a batch are null."
        | _, null -> Labels.refuse "The labels of a batch are null."
        | data, labels -> struct (data, labels)

    /// The data and the labels: first and last element of a tuple or list, or the entries of those names.
    let split (batch: obj) : struct (obj * obj) =
        match batch with
        | :? IDictionary as entries when
            entries.Contains "data"
            && (entries.Contains "labels" || entries.Contains "label")
            ->
            let labels = if entries.Contains "labels" then "labels" else "label"
            both entries["data"] entries[labels]
        | :? ITuple as parts when parts.Length = 2 -> both parts[0] parts[1]
        | :? IDictionary ->
            Labels.refuse
                "A batch is a dictionary without the keys \"data\" and \"labels\": give a DataAndLabelGetter that finds them."
        | :? torch.Tensor ->
            Labels.refuse
                "A batch is one tensor, without labels: give a DataAndLabelGetter, or samples of data and label."
        | :? IEnumerable as parts when not (parts :? string) ->
            match [| for part in parts -> part |] with
            | [| data; labels |] -> both data labels
            | parts when parts.Length > 2 -> both parts[.. parts.Length - 2] parts[parts.Length - 1]
            | parts ->
                Labels.refuse
                    $"A batch has {parts.Length} part(s), but data and labels are needed: give a DataAndLabelGetter, or samples of data and label."
        | other ->
            Labels.refuse $"A batch is a {other.GetType()}: give a DataAndLabelGetter that finds data and labels in it."

    /// The data of a batch as tensors.
    let tensors (data: obj) : torch.Tensor[] =
        match data with
        | :? torch.Tensor as tensor -> [| tensor |]
        | :? IEnumerable as several when not (several :? string) && not (several :? IDictionary) ->
            [|
                for part in several do
                    match part with
                    | :? torch.Tensor as tensor -> tensor
                    | null -> Labels.refuse "A part of a batch's data is null: it must be a tensor."
                    | other ->
                        Labels.refuse
                            $"A part of a batch's data is a {other.GetType()}, not a tensor: give a CollateFn or a DataAndLabelGetter that makes it one."
            |]
        | other ->
            Labels.refuse
                $"The data of a batch are a {other.GetType()}, not a tensor: give a CollateFn or a DataAndLabelGetter that makes them one."

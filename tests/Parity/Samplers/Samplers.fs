namespace MetricLearning.Parity

/// samplers.json: lengths, errors, and what is drawn.
[<RequireQualifiedAccess>]
module Samplers =

    let section: Section =
        {
            File = "samplers"
            Groups =
                [
                    "m_per_class", ByClass.mPerClass
                    "hierarchical", ByClass.hierarchical
                    "fixed_set_of_triplets", ByTuple.fixedSetOfTriplets
                    "tuples_to_weights", ByTuple.tuplesToWeights
                ]
            Data = [ "label_sets"; "hierarchical_labels" ]
        }

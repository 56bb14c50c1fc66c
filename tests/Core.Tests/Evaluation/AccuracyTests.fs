/// Accuracies of neighbours against what they mean, query by query.
module MetricLearning.Core.Tests.Evaluation.AccuracyTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.Neighbourhoods
open MetricLearning.Core.Tests.Support.AccuracyCases

let private few = { Checked.config with maxTest = 40 }

let tests =
    testList
        "accuracy"
        [
            testPropertyWithConfig few "metrics are what they are defined as, for every k"
            <| fun (number: int) (NonEmptyArray(first: byte[])) (second: byte list) (PositiveInt k) (isSelf: bool) ->
                use _ = torch.NewDisposeScope()
                let labels = labelled (1uy :: 2uy :: List.ofArray first) 3
                let query = whole number labels.Length 3

                let reference, others =
                    if isSelf then
                        query, labels
                    else
                        let others = labelled (1uy :: second) 4
                        whole (number + 1) others.Length 3, others

                let available = others.Length - (if isSelf then 1 else 0)

                for count, wanted in [ (null: AnyK | null), available; AnyK.AtMost(int64 k), min k available ] do
                    let found =
                        if isSelf then
                            self { neighbours with K = count } query labels
                        else
                            calculate { neighbours with K = count } query labels reference others false

                    let hits = hitsOf query labels reference others isSelf wanted

                    for name, meaning in meanings do
                        let expected = hits |> Array.map (fun (_, hits, r) -> meaning hits r) |> mean
                        near expected found.Values[name].Value name

            testPropertyWithConfig few "recall at k: whether one of the nearest k matches"
            <| fun (number: int) (NonEmptyArray(first: byte[])) (PositiveInt k) (PositiveInt given) ->
                use _ = torch.NewDisposeScope()
                let labels = labelled (0uy :: List.ofArray first) 3
                let query = whole number labels.Length 3

                let options =
                    { only [ RetrievalMetric.recallAt (int64 k) ] with
                        K = AnyK.AtMost(int64 given)
                    }

                let found = self options query labels
                let hits = hitsOf query labels query labels true (min k (labels.Length - 1))

                let expected =
                    hits
                    |> Array.map (fun (_, hits, _) -> if Array.exists id hits then 1.0 else 0.0)
                    |> mean

                near expected found.Values[$"recall_at_{k}"].Value "whatever the calculator's k"

            testPropertyWithConfig few "max_bin_count is as good as all, for what looks no farther than R"
            <| fun (number: int) (NonEmptyArray(first: byte[])) ->
                use _ = torch.NewDisposeScope()
                let labels = labelled (0uy :: List.ofArray first) 3
                let query = whole number labels.Length 3
                let all = self neighbours query labels

                let counted = self { neighbours with K = AnyK.MaxBinCount } query labels

                for name in [ "precision_at_1"; "r_precision"; "mean_average_precision_at_r" ] do
                    near all.Values[name].Value counted.Values[name].Value name

            testPropertyWithConfig few "by class, and the mean of classes"
            <| fun (number: int) (NonEmptyArray(first: byte[])) ->
                use _ = torch.NewDisposeScope()
                let labels = labelled (0uy :: List.ofArray first) 5
                let query = whole number labels.Length 3

                let by =
                    self
                        { neighbours with
                            Averaging = Averaging.PerClass
                        }
                        query
                        labels

                let means =
                    self
                        { neighbours with
                            Averaging = Averaging.OverClasses
                        }
                        query
                        labels

                let hits = hitsOf query labels query labels true (labels.Length - 1)

                for name, meaning in meanings do
                    let expected =
                        hits
                        |> Array.groupBy (fun (label, _, _) -> label)
                        |> Array.sortBy fst
                        |> Array.map (fun (label, those) ->
                            string label, those |> Array.map (fun (_, hits, r) -> meaning hits r) |> mean)

                    if hits.Length > 0 then
                        let classes = by.Values[name].ByClass

                        Expect.equal
                            [| for one in classes -> one.Label |]
                            (Array.map fst expected)
                            "classes with a match"

                        Seq.iter2 (fun (one: ClassAccuracy) (_, value) -> near value one.Value name) classes expected
                        near (mean (Array.map snd expected)) means.Values[name].Value "their mean"
                        near (mean (Array.map snd expected)) by.Values[name].Value "their mean"
                        Expect.isEmpty means.Values[name].ByClass "one number"

            testPropertyWithConfig few "the memory of the search changes nothing"
            <| fun (number: int) (NonEmptyArray(first: byte[])) ->
                use _ = torch.NewDisposeScope()
                let labels = labelled (0uy :: List.ofArray first) 3
                let query = whole number labels.Length 3

                let values =
                    [
                        for bytes in memories ->
                            let found =
                                self
                                    { neighbours with
                                        Knn = search squared bytes
                                    }
                                    query
                                    labels

                            [ for entry in found.Values -> entry.Key, string entry.Value ]
                    ]

                Expect.equal (List.distinct values).Length 1 "the same"
        ]

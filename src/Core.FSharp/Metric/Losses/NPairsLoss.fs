namespace MetricLearning

open TorchSharp

/// Cross entropy of each anchor's similarity to the positives of all anchors, its own being the right one (Sohn 2016, "Improved
/// deep metric learning with multi-class N-pair loss objective"). The first positive pair of every class takes part, so the
/// order of the batch matters. Distances count as negative similarities.
[<Sealed>]
type NPairsLoss() =
    inherit Loss("NPairsLoss", DotProductSimilarity())

    override _.TakesReferences = false

    override this.CheckLabelComparison comparison =
        ComparisonChecks.equality this.Name "takes one pair of each class" comparison

    override this.ComputeLoss input =
        input.RejectReference()

        let struct (a, p) =
            Tuples.uniqueLabelPairs (input.RequireLabels()) null input.Tuples

        if a.size 0 = 0L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let rows (indices: torch.Tensor) = InOrder.rows indices input.Embeddings

            let logits =
                Similarity.scaled this.Distance 1.0 (this.Distance.Matrix(rows a, rows p))

            let own = Numeric.upTo (a.size 0) a.device

            let values =
                torch.nn.functional.cross_entropy (logits, own, reduction = torch.nn.Reduction.None)

            [| ElementsOf.Rows("loss", values, a) |]

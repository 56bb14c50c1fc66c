/// The pages CONTRIBUTING and rooms.
module PictureShop.Contributing

open Expecto
open TorchSharp
open MetricLearning

let tests =
    testList
        "a part is one class"
        [
            test "its own arguments, and what all losses share" {
                let loss =
                    new TripletMarginLoss(margin = 0.1, Distance = CosineSimilarity(), Reducer = MeanReducer())

                Expect.equal loss.Distance.Name "CosineSimilarity" "the distance that was set"
            }

            test "the loss of CONTRIBUTING" {
                use _ = torch.NewDisposeScope()

                let loss =
                    new SquaredContrastiveLoss(negMargin = 0.5, Distance = LpDistance(normalizeEmbeddings = false))

                let embeddings = torch.tensor([| 0.0; 1.0; 1.25 |]).reshape(3L, 1L)
                let labels = torch.tensor [| 0L; 0L; 1L |]
                let value = loss.Compute(embeddings, labels).item<float>()
                // Positive pairs (0, 1) twice: 1. Negative pairs (0, 1.25): none within 0.5; (1, 1.25) twice: 0.25². Means over all.
                Expect.floatClose Accuracy.high value (1.0 + 0.0625 / 2.0) "by hand"
            }
        ]

module PictureShop.Program

open Expecto
open TorchSharp

[<EntryPoint>]
let main arguments =
    torch.manual_seed 1L |> ignore

    // One after the other: their networks are made from libtorch's generator.
    runTestsWithCLIArgs
        []
        arguments
        (testSequenced (
            testList
                "docs"
                [
                    Contributing.tests
                    YourOwn.tests
                    Pages.tests
                    Guides.tests
                    HowItWorks.tests
                    FromPython.tests
                    Troubleshooting.tests
                    Choosing.tests
                    Samplers.tests
                    BeyondOneBatch.tests
                    TwoViews.tests
                    Averages.tests
                    SeveralLabels.tests
                    LearningRate.tests
                    Precisions.tests
                    Records.tests
                    Checkpoints.tests
                    Inference.tests
                    Searching.tests
                    Pretrained.tests
                    Pictures.tests
                    Road.tests
                ]
        ))

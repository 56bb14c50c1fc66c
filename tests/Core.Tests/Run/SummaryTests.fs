/// What a run is made of, before its first step.
module MetricLearning.Core.Tests.Run.SummaryTests

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private summary (change: RunOptions -> unit) : RunSummary =
    let trunk = SmallRuns.linear 6L 5L
    let embedder = SmallRuns.linear 5L 3L
    (nonNull embedder.bias).requires_grad <- false

    let options =
        SmallRuns.optionsOf
            [ Keys.Trunk, trunk; Keys.Embedder, embedder ]
            [
                "trunk_optimizer", PureOptimizer.Adam(0.01).WithGroup(_.EndsWith("bias"), PureOptimizer.Adam(0.5))
                "embedder_optimizer", PureOptimizer.SGD 0.02
            ]
            (SmallRuns.data ())

    change options
    let run = Setup.prepare MetricLossOnly.recipe options
    Expect.equal (Session.Start(run).Summary().ToString()) (string (Run.summary run)) "a session says the same"
    Run.summary run

let private part (key: string) (summary: RunSummary) =
    summary.Parts |> Seq.find (fun part -> part.Key = key)

let tests =
    testSequenced (
        testList
            "summary"
            [
                test "parameters are counted, and what trains" {
                    let found = summary ignore

                    let trunk, embedder, loss =
                        part "trunk" found, part "embedder" found, part "metric_loss" found

                    Expect.equal (trunk.Kind, trunk.Parameters, trunk.Training) ("Linear", 35L, 35L) "trunk"
                    Expect.equal trunk.Optimizers "trunk_optimizer at 0.01, 0.5" "its groups"
                    Expect.equal (embedder.Parameters, embedder.Training) (18L, 15L) "a bias that gets no gradient"
                    Expect.equal (loss.Kind, loss.Parameters, loss.Optimizers) ("TripletMarginLoss", 0L, "") "loss"
                    Expect.equal found.Samples RunParts.labels.LongLength "samples"
                }
                test "what is frozen does not train" {
                    let found = summary (fun options -> options.FreezeThese <- [| "trunk" |])
                    Expect.equal ((part "trunk" found).Training, (part "trunk" found).IsFrozen) (0L, true) "trunk"
                    Expect.stringContains (string found) "frozen" "the table"
                }
                test "memory is that of the vectors" {
                    let adam = summary ignore

                    let plain =
                        summary (fun options -> options.Optimizers.Trunk <- PureOptimizer.SGD 0.1)

                    Expect.equal plain.SlotBytes 0L "SGD keeps nothing"
                    Expect.equal plain.TotalBytes (plain.WeightBytes + plain.GradientBytes) "no buffers"
                    // Two groups of the trunk, at most 64 bytes of padding in each vector.
                    Expect.isGreaterThanOrEqual adam.SlotBytes (2L * 4L * 35L) "two slots of Adam"
                    Expect.isLessThanOrEqual adam.SlotBytes (2L * (4L * 35L + 2L * 64L)) "and no more"
                }
                test "the table says it all" {
                    let text = string (summary ignore)

                    for wanted in
                        [
                            "MetricLossOnly, "
                            "trunk_optimizer at 0.01, 0.5"
                            "Linear"
                            "weights"
                            "KiB"
                            "activations"
                        ] do
                        Expect.stringContains text wanted "the table"
                }
            ]
    )

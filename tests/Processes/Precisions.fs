/// Runs in 16 bits over processes: the same bits in all, near those of one, and what overflows is skipped by all.
module MetricLearning.ProcessTests.Precisions

open System
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private iterations = 12L

let private cases: (Case * bool) list =
    [
        for settings in Settings.inHalf do
            let weight =
                if settings.Precision = Precision.Float16 then
                    512.0
                else
                    1.0

            {
                Name = Settings.precisionOf settings
                Recipe = Subject.metricLossOnly.Recipe
                Options =
                    fun () ->
                        RunOptions(
                            Subject.metricLossOnly.Options
                                { settings with
                                    BatchNorm = false
                                    Dropout = false
                                    Loss = 6
                                }
                                (Trap()),
                            LossWeights = LossWeights.Of [ Keys.MetricLoss, weight ]
                        )
            },
            settings.Precision = Precision.Float16
    ]

let private trained (processes: Processes | null) (case: Case) : Trace * int64 =
    use session = Cases.start processes case
    Trace.upTo iterations session, session.Progress.SkippedSteps

let run (processes: Processes) : unit =
    for case, overflows in cases do
        let alone, skippedAlone = trained null case
        let shared, skipped = trained processes case

        let check what =
            Checks.check processes $"{what}: {case.Name}"

        check "the same bits in all" (Trace.areSame processes shared) "other bits"
        check "as many iterations are skipped as by one process" (skipped = skippedAlone) $"{skipped}, {skippedAlone}"
        check "some are, where losses are large" ((skipped > 0L) = overflows) $"{skipped}"
        let weights = Trace.ofWeights alone shared
        // Adam steps as far for a gradient that is rounded otherwise.
        check "weights near those of one process" (weights < 0.1) $"{weights}"

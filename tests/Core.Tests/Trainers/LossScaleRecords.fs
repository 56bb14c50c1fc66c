/// The scale of the loss in records and in checkpoints.
module MetricLearning.Core.Tests.Trainers.LossScaleRecords

open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Trainers.SteepRuns

let private recorded =
    testCase "the scale and skipped iterations are recorded, in float16 only" (fun () ->
        let ofScale (precision: Precision) =
            use session = SmallRuns.session (RunOptions(options 8.0, Precision = precision))
            SmallRuns.step session

            [
                for record in Recording.ofIteration session 0L do
                    if record.Group = Recording.LossScales then
                        for series in record.Series -> series.Key, series.Value
            ]

        let found = ofScale Precision.Float16
        Expect.equal (List.map fst found) [ "loss_scale"; "skipped_steps" ] "float16"
        Expect.isEmpty (ofScale Precision.BFloat16) "bfloat16")

let private older =
    testCase "a checkpoint that was written before there was a scale goes on" (fun () ->
        let settings = { Settings.rich with Dropout = false }

        SavedRuns.withCheckpoint settings (fun path ->
            SavedRuns.rewritten path (fun strings ->
                let progress = strings["progress"]
                let without = progress.Replace("\"skipped_steps\":0,", "")
                Expect.notEqual without progress "it was there"
                strings["progress"] <- without)

            for precision in [ Precision.Float32; Precision.BFloat16; Precision.Float16 ] do
                use session =
                    Subject.start SavedRuns.subject { settings with Precision = precision }

                session.ResumeFrom path
                Expect.equal session.Progress.SkippedSteps 0L "none is known"
                SmallRuns.step session

                Expect.equal
                    session.Progress.LossScale.IsSome
                    (precision = Precision.Float16)
                    "a scale is there where it is needed"))

let tests = testList "the scale that is kept" [ recorded; older ]

/// Law 3 through a file: stopping costs nothing.
module MetricLearning.Core.Tests.Run.CheckpointLaw

open System
open System.IO
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Laws
open MetricLearning.Core.Tests.Support.Places

/// Through a file; saving changes nothing of the run, and the file written again is the same.
let private file: ResumeLaw.Carrier =
    fun session ->
        let folder = Directory.CreateTempSubdirectory("metric-learning-").FullName
        let path = Path.Combine(folder, "checkpoint.safetensors")

        let before =
            Snapshot.withoutPadding session, Snapshot.ofModules session.Handles, Snapshot.generator ()

        session.SaveCheckpoint path

        Expect.equal
            (Snapshot.withoutPadding session, Snapshot.ofModules session.Handles, Snapshot.generator ())
            before
            "saving changes nothing"

        let bytes = File.ReadAllBytes path

        fun resumed ->
            try
                resumed.ResumeFrom path
                Expect.equal (Snapshot.withoutPadding resumed) ((fun (state, _, _) -> state) before) "the state"
                let again = Path.Combine(folder, "again.safetensors")
                resumed.SaveCheckpoint again
                Expect.equal (File.ReadAllBytes again) bytes "the same file again"
            finally
                Directory.Delete(folder, true)

/// A run whose passes are drawn from the weights.
let private weightedRun () =
    let made = Subject.metricLossOnly.Options Settings.rich (Trap())
    let trunk = made.Models[Keys.Trunk] :?> torch.nn.Module<Tensor, Tensor>

    let sampler =
        TuplesToWeightsSampler(
            trunk,
            TripletMarginMiner(),
            TrainingData.FromTensors(
                (RunParts.data Settings.rich).DetachFromDisposeScope(),
                torch.tensor(RunParts.labels).DetachFromDisposeScope()
            ),
            subsetSize = 30,
            batchSize = 16
        )

    Setup.prepare MetricLossOnly.recipe (RunOptions(made, Sampler = sampler))

let private step (session: Session) =
    session.Step CancellationToken.None |> Seq.iter ignore

let tests =
    testList
        "3 stopping costs nothing, through a file"
        [
            LawChecks.law 60 "at any event, into fresh handles" (ResumeLaw.stoppingCostsNothing file)

            for loss in RunParts.remembering do
                for event in [ 4; 17 ] do
                    LawChecks.lawAt
                        { Settings.rich with Loss = loss }
                        $"with {fst RunParts.losses[loss]}, at event {event}"
                        (fun subject settings -> ResumeLaw.stoppingCostsNothing file subject settings event)

            for settings in Settings.inHalf do
                for event in [ 4; 17 ] do
                    LawChecks.lawAt
                        settings
                        $"in {Settings.precisionOf settings}, at event {event}"
                        (fun subject settings -> ResumeLaw.stoppingCostsNothing file subject settings event)

            testList
                "at every event of one run"
                [
                    for event in 0..30 do
                        LawChecks.lawAt
                            { ResumeLaw.scheduled with
                                Averaging = 1
                            }
                            $"event {event}"
                            (fun subject settings -> ResumeLaw.stoppingCostsNothing file subject settings event)
                ]

            testList
                "with every optimizer"
                [
                    for torchOptimizers, names in
                        [
                            false, Array.map fst RunOptimizers.optimizers
                            true, Array.map fst RunOptimizers.torchOptimizers
                        ] do
                        for index, name in Array.indexed names do
                            testCase name (fun () ->
                                let settings =
                                    { ResumeLaw.scheduled with
                                        Optimizer = index
                                        TorchOptimizers = torchOptimizers
                                        TorchSchedulers = torchOptimizers
                                    }

                                ResumeLaw.stoppingCostsNothing file Subject.metricLossOnly settings 19)
                ]

            testCase "with passes that are drawn from the weights" (fun () ->
                use whole = Session.Start(weightedRun ())

                for _ in 1..9 do
                    step whole

                withPath (fun path ->
                    do
                        use half = Session.Start(weightedRun ())

                        for _ in 1..4 do
                            step half

                        half.SaveCheckpoint path

                    use rest = Session.Start(weightedRun ())
                    rest.ResumeFrom path

                    for _ in 1..5 do
                        step rest

                    Expect.equal (Snapshot.withoutPadding rest) (Snapshot.withoutPadding whole) "4 + 5 steps"))

            for event in [ 3; 11 ] do
                LawChecks.lawAt Settings.rich $"with hard negatives, at event {event}" (fun subject settings ->
                    ResumeLaw.stoppingCostsNothing file (MinedRuns.ofSubject subject) settings event)

            testCase "a rate that a hook wrote into a TorchSharp optimizer goes on to rule" (fun () ->
                let settings =
                    { Settings.rich with
                        TorchOptimizers = true
                    }

                let rated (session: Session) =
                    match snd session.Handles.Optimizers[0] with
                    | OptimizerHandle.Mirrored optimizer ->
                        for group in optimizer.ParamGroups do
                            group.LearningRate <- 0.003
                    | _ -> ()

                let whole =
                    use session = Subject.start Subject.metricLossOnly settings
                    step session
                    rated session
                    step session
                    Snapshot.withoutPadding session

                withPath (fun path ->
                    do
                        use session = Subject.start Subject.metricLossOnly settings
                        step session
                        rated session
                        session.SaveCheckpoint path

                    use resumed = Subject.start Subject.metricLossOnly settings
                    resumed.ResumeFrom path
                    step resumed
                    Expect.equal (Snapshot.withoutPadding resumed) whole "1 + 1 steps"))
        ]

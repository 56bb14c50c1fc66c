/// Batches of hard negatives: what networks have learned chooses them, and they belong to states.
module MetricLearning.Core.Tests.Laws.HardNegativeRules

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations

let private seed = Seed.ofInt64 5L

/// In memory, the place in the data written down and read again.
let private written: ResumeLaw.Carrier =
    fun session ->
        let taken = session.Take()

        fun resumed ->
            let progress = taken.Progress

            use from =
                { taken with
                    Progress =
                        { progress with
                            Cursor = Cursor.ofNumbers (Cursor.toNumbers progress.Cursor)
                        }
                }

            resumed.Resume from

// A sampler that keeps to itself that the networks choose.
type private Silent(told: BatchSampler) =
    inherit BatchSampler()
    override _.Length = told.Length
    override _.Pass(seed, pass) = told.Pass(seed, pass)

let private silent (subject: Subject) : Subject =
    { subject with
        Options =
            fun settings trap ->
                let made = subject.Options settings trap
                RunOptions(made, Sampler = Silent(MinedRuns.sampler settings made))
    }

let private trained (settings: Settings) (subject: Subject) : Snapshot =
    use session = Subject.start (MinedRuns.ofSubject subject) settings
    Drive.train session 2 Drive.quietly
    Snapshot.ofSession session

let private network () : torch.nn.Module<Tensor, Tensor> =
    torch.manual_seed 3L |> ignore

    torch.nn.Sequential(
        SmallRuns.layer "linear" (SmallRuns.linear RunParts.features RunParts.size),
        SmallRuns.layer "norm" (torch.nn.BatchNorm1d RunParts.size),
        SmallRuns.layer "dropout" (torch.nn.Dropout 0.5)
    )

let private samplerOf (model: torch.nn.Module) (workers: int) =
    HardNegativeBatchSampler(
        RunParts.labels,
        3,
        12,
        MinedRuns.samples Settings.rich,
        model,
        embeddingBatchSize = 7,
        dataloaderNumWorkers = workers
    )

let private pass (model: torch.nn.Module) (workers: int) (number: int64) : int64[][] =
    (samplerOf model workers).Pass(seed, number) |> Seq.toArray

let private laws =
    [
        for event in [ 4; 9; 17 ] do
            LawChecks.lawAt Settings.rich $"stopping costs nothing, at event {event}" (fun subject settings ->
                ResumeLaw.stoppingCostsNothing written (MinedRuns.ofSubject subject) settings event)

        LawChecks.lawAt
            { Settings.rich with
                MicroBatchSize = Some 5
                Averaging = 1
                BatchNorm = false
            }
            "stopping costs nothing, in micro-batches with an average"
            (fun subject settings -> ResumeLaw.stoppingCostsNothing written (MinedRuns.ofSubject subject) settings 9)

        LawChecks.isFalsified "passes that states do not hold" (fun () ->
            ResumeLaw.stoppingCostsNothing written (silent Subject.metricLossOnly) Settings.rich 4)

        LawChecks.lawAt Settings.rich "forks are strangers" (fun subject settings ->
            ForkLaw.forksAreStrangers
                (fun prepared -> Iteration.step prepared.Recipe prepared.Handles)
                (MinedRuns.ofSubject subject)
                settings
                1)

        LawChecks.lawAt Settings.rich "runs repeat, whatever the workers" (fun subject settings ->
            let expected = trained settings subject
            Expect.equal (trained settings subject) expected "again"
            Expect.equal (trained { settings with Workers = 2 } subject) expected "with workers")

        LawChecks.lawAt Settings.rich "live tensors stay as many" (fun subject settings ->
            use session = Subject.start (MinedRuns.ofSubject subject) settings
            // Each trains two batches, and draws the next two.
            let twice () =
                for _ in 1..2 do
                    session.Step CancellationToken.None |> Seq.iter ignore

            for _ in 1..4 do
                twice ()

            leavesNoTensors twice)
    ]

let tests =
    testList
        "hard negatives by what is learned"
        [
            yield! laws

            test "a pass is a function of networks, seed and number, whatever the workers" {
                use model = network ()
                let first = pass model 0 0L
                Expect.equal (pass model 0 0L) first "again"
                Expect.equal (pass model 2 0L) first "with workers"
                Expect.notEqual (pass model 0 1L) first "another pass"
                use _ = torch.no_grad ()

                for parameter in model.parameters () do
                    parameter.copy_ (torch.randn_like parameter) |> ignore

                Expect.notEqual (pass model 0 0L) first "other weights"
            }

            testSequenced (
                test "modes, streams of random numbers and live tensors stay as they were" {
                    use model = network ()
                    let norm = Seq.item 1 (model.children ())
                    norm.eval ()

                    let modes () =
                        [ for layer in model.modules () -> layer.training ]

                    let before, generator = modes (), Snapshot.generator ()
                    let buffers = [ for buffer in model.buffers () -> Snapshot.bitsOf buffer ]
                    let sampler = samplerOf model 0
                    leavesNoTensors (fun () -> sampler.Pass(seed, 0L) |> ignore)
                    Expect.equal (modes ()) before "modes"
                    Expect.equal (Snapshot.generator ()) generator "libtorch's generator"
                    Expect.equal [ for buffer in model.buffers () -> Snapshot.bitsOf buffer ] buffers "statistics"
                }
            )

            test "a pass that has begun is part of the state" {
                let prepared =
                    Subject.prepare (MinedRuns.ofSubject Subject.metricLossOnly) Settings.rich

                use session = Session.Start prepared
                let order = session.Handles.Loader.Order
                Expect.equal order.BatchesPerPass (Nullable 2L) "as often as it is refreshed"
                Expect.isFalse (order.IsDrawn session.Progress.Cursor) "not before it begins"
                SmallRuns.step session

                match session.Progress.Cursor.PassMemory with
                | PassMemory.Batches batches -> Expect.hasLength batches 2 "its batches"
                | other -> failtest $"{other}"

                SmallRuns.step session
                Expect.isFalse (order.IsDrawn session.Progress.Cursor) "the next is drawn from what is learned then"
            }

            test "embeddings with numbers that are not finite are refused" {
                use model = network ()
                let broken = RunParts.data Settings.rich
                broken[7L, 0L] <- torch.tensor nanf

                let data =
                    TrainingData.FromTensors(broken.DetachFromDisposeScope(), RunParts.labels)

                throws<InvalidOperationException> "of sample 7" (fun () ->
                    HardNegativeBatchSampler(RunParts.labels, 3, 12, data, model).Pass(seed, 0L)
                    |> ignore)
            }
        ]

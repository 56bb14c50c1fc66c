/// Law 11, micro-batches: they change no step.
module MetricLearning.Core.Tests.Laws.MicroBatchLaw

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.MicroRuns

// Batch norm and dropout work on a micro-batch at a time, and have a law of their own.
let private rowByRow (subject: Subject) (settings: Settings) =
    { Subject.apart subject settings with
        Float64 = true
        BatchNorm = false
        Dropout = false
        // Others divide gradients that are 0 but for rounding by hardly more; each has a test of its own.
        Optimizer = settings.Optimizer % 2
        // TorchSharp's schedulers cannot go back.
        TorchSchedulers = false
        MicroBatchSize = None
    }

let private sizes: int[] = [| 1; 2; 3; 5; 7; 11; RunParts.batchSize; 1000 |]

let private prepare (recipe: Recipe) (subject: Subject) (settings: Settings) (cut: RunOptions -> RunOptions) : Run =
    subject.Options settings (Trap())
    |> RunParts.inFloat64
    |> cut
    |> Setup.prepare recipe

let private changeNoStep (subject: Subject) (settings: Settings) (number: int) =
    let prepare = prepare subject.Recipe subject (rowByRow subject settings)
    expectSameSteps 5 (prepare id) (prepare (withSize sizes[number % sizes.Length]))

/// The same trainer, whose first half makes its rows in parts by itself and joins them: one graph of all micro-batches.
let private joined (size: int) (isSeeded: bool) (recipe: Recipe) : Recipe =
    let rows (ctx: Context) (batch: Batch) =
        let seeded (seed: Seed) =
            if isSeeded then
                Effects.seedGenerators torch.CPU seed

        let made =
            MicroBatches.cut (Some size) batch
            |> Array.mapi (fun number part ->
                let seed = Seed.derive "micro-batch" (int64 number) ctx.Seed
                seeded seed
                recipe.Halves.Rows { ctx with Seed = seed } part)

        seeded ctx.Seed

        ({
            Tensors =
                Array.init made[0].Tensors.Length (fun tensor ->
                    torch.cat ([| for rows in made -> rows.Tensors[tensor] |], 0L))
            Labels = batch.Labels
        }
        : Rows)

    { recipe with
        Halves = Halves.cut rows recipe.Halves.Whole
    }

let private isOneGraph (isSeeded: bool) (subject: Subject) (settings: Settings) (number: int) =
    let size = [| 3; 4; 5; 8 |][number % 4]

    let settings =
        { rowByRow subject settings with
            BatchNorm = true
            Dropout = true
            // It sees whole batches there, in evaluation mode, and has its test above.
            Subset = false
        }

    expectSameSteps
        4
        (prepare (joined size isSeeded subject.Recipe) subject settings id)
        (prepare subject.Recipe subject settings (withSize size))

let tests =
    testList
        "11 cuts do not matter: micro-batches"
        [
            LawChecks.law 60 "of any size" changeNoStep
            LawChecks.law 40 "batch norm and dropout: as one graph of the micro-batches" (isOneGraph true)

            LawChecks.isFalsified "chance by micro-batch" (fun () ->
                isOneGraph false Subject.metricLossOnly Settings.rich 1)
        ]

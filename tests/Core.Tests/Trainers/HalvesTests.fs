/// The cut between the halves of a recipe: the second half needs nothing of the first but the rows that cross it.
module MetricLearning.Core.Tests.Trainers.HalvesTests

open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

// A row of batch norm depends on the others; dropout draws in the order of calls.
let private settings =
    { Settings.rich with
        Float64 = true
        BatchNorm = false
        Dropout = false
    }

let private total (Losses terms) =
    terms |> List.map snd |> List.reduce (fun sum loss -> sum + loss)

let private gradients (run: Run) =
    [
        for handle in run.Handles.Modules do
            for struct (parameter, _) in handle.Parameters do
                match parameter.grad with
                | null -> [||]
                | gradient -> gradient.``to``(ScalarType.Float64).data<float>().ToArray()
    ]

let private clear (run: Run) =
    for handle in run.Handles.Modules do
        for struct (parameter, _) in handle.Parameters do
            parameter.grad <- null

let private chunks (batch: Batch) : Batch list =
    let rows = batch.Labels.size 0

    [
        for first in 0L .. 3L .. rows - 1L do
            let count = min 3L (rows - first)

            { batch with
                Data = batch.Data |> Array.map (fun data -> data.narrow (0L, first, count))
                Labels = batch.Labels.narrow (0L, first, count)
            }
    ]

// Rows without a graph, chunk by chunk; the second half on leaves; then the rows again, each chunk with its gradients.
let private inChunks (halves: Halves) (ctx: Context) (batch: Batch) : float =
    let made =
        use _ = torch.no_grad ()
        chunks batch |> List.map (halves.Rows ctx)

    let leaves =
        [|
            for tensor in 0 .. made.Head.Tensors.Length - 1 do
                let whole = torch.cat ([| for rows in made -> rows.Tensors[tensor] |], 0L)
                whole.requires_grad_ (whole.is_floating_point ())
        |]

    let loss =
        total (
            halves.Whole
                ctx
                {
                    Tensors = leaves
                    Labels = batch.Labels
                }
        )

    loss.backward ()
    let mutable first = 0L

    for chunk in chunks batch do
        let count = chunk.Labels.size 0

        for leaf, tensor in Array.zip leaves (halves.Rows ctx chunk).Tensors do
            match leaf.grad with
            | null -> ()
            | gradient when tensor.requires_grad -> (tensor * gradient.narrow (0L, first, count)).sum().backward()
            | _ -> ()

        first <- first + count

    loss.ToDouble()

let private cutsDoNotMatter (subject: Subject) (settings: Settings) =
    let run = Subject.prepare subject settings
    use session = Session.Start run
    use _ = torch.NewDisposeScope()
    let progress = Progress.upcoming run.State.Progress

    let ctx =
        {
            Plan = Iteration.decide run.Recipe run.Handles run.State.Progress
            Schema = run.Recipe.Schema
            Networks = run.Handles.Networks
            Losses = run.Handles.Losses
            Miners = run.Handles.TupleMiners
            LabelRange = LabelRange.Unknown
            Seed = Progress.stepSeed "step" progress
        }

    let batch =
        (run.Handles.Loader.Fetch(progress.Seed, progress.Cursor, CancellationToken.None)).Batch

    clear run
    let loss = total (Halves.losses run.Recipe.Halves ctx batch)
    loss.backward ()
    let expected = gradients run
    clear run
    let value = inChunks run.Recipe.Halves ctx batch
    Expect.floatClose Accuracy.veryHigh value (loss.ToDouble()) "the loss"

    for one, other in List.zip (gradients run) expected do
        Expect.equal one.Length other.Length "a gradient"

        for left, right in Array.zip one other do
            Expect.isLessThan (abs (left - right)) 1e-9 "the gradients"

    clear run

let tests =
    testList
        "the two halves"
        [
            LawChecks.lawAt settings "the rows may be made chunk by chunk" cutsDoNotMatter
            LawChecks.lawAt { settings with Embedder = false } "without an embedder" cutsDoNotMatter
        ]

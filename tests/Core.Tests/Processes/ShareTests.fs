module MetricLearning.Core.Tests.Processes.ShareTests

open System.Threading
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

// Sources that read their part alone, and one that has to read the whole.
let private sources: (string * (unit -> BatchSource)) list =
    let ofSamples (index: int64) (seed: Seed) =
        let noise = float (Seed.below 1000L 0L seed) / 1e4
        torch.tensor [| float index + noise |], index % 3L

    let reading = Reading.Default

    [
        "tensors",
        (fun () -> BatchSource.ofDataset reading (TrainingData.FromTensors(Sources.rows (), Sources.labels ())))
        "samples", (fun () -> BatchSource.ofDataset reading (TrainingData.FromSamples(10L, ofSamples)))
        "a collate function",
        (fun () ->
            BatchSource.ofDataset
                { reading with
                    CollateFn = System.Func<_, _>(fun samples -> Collate.samples [| 0L .. 9L |] samples)
                }
                (TrainingData.FromSamples(10L, ofSamples)))
    ]

let private token = CancellationToken.None

let private whole (source: BatchSource) (indices: int64[]) =
    source.Fetch(indices, Sources.seed, token)

let private inParts (source: BatchSource) (indices: int64[]) (parts: int) =
    [
        for part in 0 .. parts - 1 -> source.FetchPart(indices, part, parts, Sources.seed, token)
    ]

let tests =
    testList
        "shares"
        [
            testPropertyWithConfig Checked.config "shares are all rows, one after the other, the first ones largest"
            <| fun (NonNegativeInt total) (PositiveInt parts) ->
                let shares = [ for part in 0 .. parts - 1 -> BatchShare.ofProcess total part parts ]
                let sizes = [ for struct (_, size) in shares -> size ]
                let firsts = [ for struct (first, _) in shares -> first ]

                List.sum sizes = total
                && firsts = List.truncate parts (List.scan (+) 0 sizes)
                && sizes = List.sortDescending sizes
                && List.max sizes - List.min sizes <= 1
                && BatchShare.sizes total parts = [| for size in sizes -> int64 size |]

            for name, make in sources do
                testPropertyWithConfig Checked.config $"the parts of a batch are the batch: {name}"
                <| fun (NonNegativeInt count) (PositiveInt parts) ->
                    let count, parts = 1 + count % 10, 1 + parts % 12
                    use source = make ()
                    let indices = [| for index in 0 .. count - 1 -> int64 (index * 7 % 10) |]
                    use all = whole source indices
                    let made = inParts source indices parts

                    // A process without rows need not know of the data.
                    let data =
                        [|
                            for part in made do
                                if part.Labels.size 0 > 0L then
                                    part.Data[0]
                        |]

                    let same (left: torch.Tensor) (right: torch.Tensor) =
                        left.shape = right.shape && left.equal(right).all().item<bool>()

                    same (torch.cat (data, 0L)) all.Data[0]
                    && same (torch.cat ([| for part in made -> part.Labels |], 0L)) all.Labels
                    && Array.concat [ for part in made -> part.Indices ] = indices

            testPropertyWithConfig Checked.config "chosen rows are put back in the order in which they were chosen"
            <| fun (sizes: PositiveInt list) (choice: NonNegativeInt list) ->
                let rows = [| for PositiveInt size in PositiveInt 2 :: sizes -> int64 (size % 5) |]
                let total = Array.sum rows

                total = 0L
                || (let chosen =
                        [| for NonNegativeInt row in NonNegativeInt 0 :: choice -> int64 row % total |]

                    use labels = torch.tensor chosen
                    let starts = Array.scan (+) 0L rows

                    let made =
                        [ for rank in 0 .. rows.Length - 1 -> RowShares.choose rank rows labels chosen ]

                    let gathered =
                        [|
                            for rank, struct (own, _) in List.indexed made do
                                for row in own -> starts[rank] + row
                        |]

                    let struct (_, shares) = made.Head
                    let places = (nonNull shares.Places).data<int64>().ToArray()

                    [| for place in places -> gathered[int place] |] = chosen
                    && shares.Rows = [| for struct (own, _) in made -> own.LongLength |])

            testPropertyWithConfig Checked.config "whole batches of a data set are shared, none is left out"
            <| fun (PositiveInt count) (PositiveInt size) (PositiveInt processes) ->
                let processes = 1 + processes % 9
                let size = 1 + size % 20

                let shares =
                    [
                        for rank in 0 .. processes - 1 -> EmbeddingShares.create rank processes (int64 count) size
                    ]

                shares |> List.forall (fun share -> share.Rows = shares.Head.Rows)
                && Array.sum shares.Head.Rows = int64 count
                && (shares |> List.sumBy _.Batches) = (count + size - 1) / size
                && [ for share in shares -> share.FirstBatch ] =
                    [
                        for number in List.truncate processes (List.scan (+) 0 [ for share in shares -> share.Batches ]) ->
                            int64 number
                    ]
        ]

/// k-means, and scores of clusters.
module MetricLearning.Core.Tests.Evaluation.ClusteringTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private few = { Checked.config with maxTest = 40 }

let private labels (values: byte[]) (kinds: int) =
    Array.map (fun value -> int64 value % int64 kinds) values

let private score (classes: int64[]) (clusters: int64[]) =
    let table = Contingency.ofLabels classes clusters
    MutualInformation.normalized table, MutualInformation.adjusted table

let private near (expected: float) (actual: float) (what: string) =
    Expect.isLessThan (abs (actual - expected)) 1e-9 $"{what}: {actual}, not {expected}"

let rec private permutations (items: 'T list) : 'T list seq =
    seq {
        match items with
        | [] -> []
        | _ ->
            for place in 0 .. items.Length - 1 do
                for rest in permutations (List.removeAt place items) do
                    items[place] :: rest
    }

let private blobs () =
    use generator = new torch.Generator(1UL, torch.CPU)

    let centres =
        torch.tensor (array2D [ [ 0.0f; 0.0f ]; [ 20.0f; 0.0f ]; [ 0.0f; 20.0f ]; [ 20.0f; 20.0f ] ])

    let classes = torch.arange(200L).remainder(4L.ToScalar())

    centres.index_select (0L, classes)
    + torch.randn ([| 200L; 2L |], generator = generator),
    classes

let private cluster (seed: int64) (samples: torch.Tensor) (clusters: int) =
    (KMeans.cluster KMeans.defaults (Seed.ofInt64 seed) samples clusters).data<int64>().ToArray()

let tests =
    testList
        "clustering"
        [
            testPropertyWithConfig few "names of classes and clusters do not matter, nor which is which"
            <| fun (NonEmptyArray(values: (byte * byte)[])) ->
                let classes, clusters = Array.unzip values
                let classes, clusters = labels classes 4, labels clusters 3
                let nmi, ami = score classes clusters
                let renamed = Array.map (fun label -> 1000L - 7L * label)

                for nmi', ami' in
                    [
                        score (renamed classes) clusters
                        score classes (renamed clusters)
                        score clusters classes
                    ] do
                    near nmi nmi' "NMI"
                    near ami ami' "AMI"

            testPropertyWithConfig few "the same partition scores 1"
            <| fun (NonEmptyArray(values: byte[])) ->
                let classes = Array.append [| 0L; 0L; 1L |] (labels values 5)
                let nmi, ami = score classes (Array.map (fun label -> label * label + 3L) classes)
                near 1.0 nmi "NMI"
                near 1.0 ami "AMI"

            test "what chance gives is the mean over every order of the clusters" {
                let classes = [| 0L; 0L; 0L; 1L; 1L; 2L |]

                for clusters in
                    [
                        [ 0L; 0L; 1L; 1L; 1L; 1L ]
                        [ 0L; 0L; 1L; 1L; 2L; 3L ]
                        [ 0L; 1L; 2L; 3L; 4L; 5L ]
                    ] do
                    let mean =
                        permutations clusters
                        |> Seq.averageBy (fun order ->
                            MutualInformation.ofTable (Contingency.ofLabels classes (Array.ofList order)))

                    near
                        mean
                        (MutualInformation.expected (Contingency.ofLabels classes (Array.ofList clusters)))
                        $"{clusters}"
            }

            test "labellings of different lengths are refused" {
                Expect.throwsT<ArgumentException>
                    (fun () -> Contingency.ofLabels [| 1L |] [| 1L; 2L |] |> ignore)
                    "lengths"
            }

            test "k-means finds clusters that lie apart" {
                use _ = torch.NewDisposeScope()
                let samples, classes = blobs ()

                for away in [ 0.0; 100000.0 ] do
                    for seed in 1L .. 5L do
                        let nmi, _ =
                            score (classes.data<int64>().ToArray()) (cluster seed (Neighbourhoods.moved away samples) 4)

                        near 1.0 nmi $"seed {seed}, {away} from 0"
            }

            test "k-means follows its seed and no generator" {
                use _ = torch.NewDisposeScope()
                use generator = new torch.Generator(2UL, torch.CPU)
                let samples = torch.rand ([| 300L; 3L |], generator = generator)
                let first = cluster 7L samples 20
                (torch.rand 3L).Dispose()
                Expect.equal (cluster 7L samples 20) first "the same seed"

                Expect.isTrue
                    ([ 8L .. 12L ] |> List.exists (fun seed -> cluster seed samples 20 <> first))
                    "other seeds"
            }

            test "every sample is with its nearest centre, and centres are means" {
                use _ = torch.NewDisposeScope()
                use generator = new torch.Generator(3UL, torch.CPU)

                let samples =
                    torch.rand ([| 100L; 2L |], dtype = torch.float64, generator = generator)

                let found =
                    KMeans.cluster
                        { KMeans.defaults with
                            Iterations = 1000
                        }
                        (Seed.ofInt64 1L)
                        samples
                        5

                let centres =
                    torch.stack
                        [|
                            for place in 0L .. 4L -> samples[found.eq (place.ToScalar())].mean [| 0L |]
                        |]

                let nearest = torch.cdist(samples, centres).argmin 1L
                Expect.isTrue (nearest.Equals found) "a fixed point"
            }

            test "fewer distinct rows than clusters" {
                use _ = torch.NewDisposeScope()

                let found =
                    cluster 1L (torch.tensor (array2D [ [ 1.0 ]; [ 1.0 ]; [ 2.0 ]; [ 1.0 ] ])) 3

                Expect.equal found[0] found[1] "equal rows"
                Expect.equal found[0] found[3] "equal rows"
                Expect.notEqual found[0] found[2] "others"
            }

            test "more clusters than rows are refused" {
                use _ = torch.NewDisposeScope()
                Expect.throwsT<ArgumentException> (fun () -> cluster 1L (torch.ones (2L, 2L)) 3 |> ignore) "3 of 2"
            }
        ]

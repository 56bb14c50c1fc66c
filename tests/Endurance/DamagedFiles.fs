/// Checkpoints, inference files, safetensors and files of torch.save that were cut off or changed: none is read wrongly, none
/// ends the process.
module MetricLearning.Endurance.DamagedFiles

open System
open System.IO
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private bitsOf (tensors: torch.Tensor seq) : string =
    String.Join(" ", tensors |> Seq.map Snapshot.bitsOf)

let private bitsOfModule (network: torch.nn.Module) : string =
    use _ = torch.NewDisposeScope()
    bitsOf (network.state_dict().Values)

// A file of ours that has a hash, which forgers make again.
let private withSeal (name: string) (file: byte[]) (read: byte[] -> string) (kept: unit -> string) : Damageable =
    {
        Name = name
        File = file
        Damage = fun number -> Mutations.ofSafetensors number file
        Forge =
            fun number ->
                let what, changed = Mutations.ofSafetensors number file
                what, Mutations.withSeal changed
        Read = read
        IsUnsealed = false
        Kept = kept
    }

let private checkpoint () : Damageable =
    let settings =
        { Settings.rich with
            Schedule = ScheduleSetting.All
        }

    let run = Subject.prepare Subject.metricLossOnly settings
    let session = Session.Start run

    for _ in 1..3 do
        session.Step CancellationToken.None |> Seq.iter ignore

    let file =
        use state = session.Take()
        use stream = new MemoryStream()
        Checkpoint.write run.Recipe run.Handles state stream
        stream.ToArray()

    let read =
        fun file ->
            use opened = SafetensorsFile.Read(new MemoryStream(file: byte[]), "the file")
            use state = Checkpoint.readFrom run.Recipe run.Handles "the file" opened
            string (Snapshot.ofState state)

    withSeal "checkpoint" file read (fun () -> string (Snapshot.ofSession session))

// Through a path, because users load paths.
let private through (path: string) (read: string -> 'Result) (file: byte[]) : 'Result =
    File.WriteAllBytes(path, file)
    read path

let private inference (folder: string) : Damageable =
    let path = Path.Combine(folder, "model.safetensors")
    InferenceFiles.saved path |> ignore
    let file = File.ReadAllBytes path
    let trunk, embedder = EmbeddingNetworks.trunk (), EmbeddingNetworks.embedder ()
    let model = new InferenceModel(trunk, embedder, normalizeEmbeddings = false)

    let all () =
        let embeddings = bitsOfModule trunk + bitsOfModule embedder
        $"{embeddings} {model.IndexCount} {model.MatchFinder.Threshold} {model.NormalizeEmbeddings}"

    let read =
        through path (fun path ->
            model.Load path
            all ())

    withSeal "inference model" file read all

let private items (folder: string) : Damageable =
    let path = Path.Combine(folder, "items.safetensors")
    use index = new NeighbourIndex()

    for id in 0..19 do
        index.Put(IndexItem(Indexes.number id, $"{id % 3}", $"{id}.png"), Indexes.vectorOf 6 id)

    index.Save path
    let file = File.ReadAllBytes path

    let all (index: NeighbourIndex) =
        String.Join("; ", index.Items |> Seq.map Indexes.show)

    let read =
        through path (fun path ->
            use loaded = NeighbourIndex.Load path
            let vectors = loaded.GetVectors [ for item in loaded.Items -> item.Id ]
            all loaded + bitsOf [ vectors ])

    withSeal "items" file read (fun () -> "")

let private network () =
    torch.manual_seed 3L |> ignore

    torch.nn.Sequential(
        struct ("linear", torch.nn.Linear(6L, 5L) :> torch.nn.Module<torch.Tensor, torch.Tensor>),
        struct ("norm", torch.nn.BatchNorm1d 5L :> torch.nn.Module<torch.Tensor, torch.Tensor>)
    )

let private weights
    (name: string)
    (extension: string)
    (folder: string)
    (file: byte[])
    isUnsealed
    damage
    forge
    : Damageable =
    let path = Path.Combine(folder, "weights" + extension)
    let loaded = network ()

    {
        Name = name
        File = file
        Damage = damage
        Forge = forge
        Read =
            through path (fun path ->
                PretrainedWeights.Load(loaded, path) |> ignore
                bitsOfModule loaded)
        IsUnsealed = isUnsealed
        Kept = fun () -> bitsOfModule loaded
    }

// Plain safetensors have no checksum.
let private safetensors (folder: string) : Damageable =
    let path = Path.Combine(folder, "saved.safetensors")
    use saved = network ()
    PretrainedWeights.Save(saved, path)
    let file = File.ReadAllBytes path
    let damage number = Mutations.ofSafetensors number file
    weights "safetensors" ".safetensors" folder file true damage damage

let private pickled (folder: string) : Damageable =
    use saved = network ()

    let tensors =
        [
            for KeyValue(name, tensor) in saved.state_dict () -> name, tensor.detach().contiguous()
        ]

    let file = TorchFiles.saveStateDict tensors
    let storages, value = TorchFiles.stateDict tensors
    let pickle = PickleWriter.write value

    let forge number =
        let what, changed = Mutations.ofPickle number pickle

        what,
        TorchArchive.write
            "weights"
            [
                "data.pkl", changed
                for storage in storages do
                    $"data/{storage.Key}", storage.Bytes
            ]

    weights "torch.save" ".pth" folder file false (fun number -> Mutations.ofPickle number file) forge

/// Reads so many damaged files; true if none was read wrongly.
let run (count: int) : bool =
    let folder = Directory.CreateTempSubdirectory "damaged"

    try
        let subjects =
            [|
                checkpoint ()
                inference folder.FullName
                items folder.FullName
                safetensors folder.FullName
                pickled folder.FullName
            |]

        let wrong =
            [
                for subject in subjects do
                    let mutable refused, read = 0, 0

                    for number in 0 .. count / subjects.Length - 1 do
                        match Damage.read subject number with
                        | Reading.Refused -> refused <- refused + 1
                        | Reading.Read -> read <- read + 1
                        | Reading.Wrong what ->
                            printfn "WRONG %s" what
                            what

                    printfn "%s: %d refused, %d read" subject.Name refused read
            ]

        printfn "%d passed, %d failed" (count - wrong.Length) wrong.Length
        wrong.IsEmpty
    finally
        folder.Delete true

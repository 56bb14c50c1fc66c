/// The page about pretrained trunks.
module MetricLearning.Core.Tests.Docs.Pretrained

open MetricLearning.Core.Tests.Support
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Pretrained

let private withFile (content: byte[]) (act: string -> unit) : unit =
    let path = Path.GetTempFileName()

    try
        File.WriteAllBytes(path, content)
        act path
    finally
        File.Delete path

let private weights =
    test "pretrained: weights into a module" {
        use trunk =
            torch.nn.Sequential(
                SmallRuns.layer "first" (torch.nn.Linear(6L, 6L)),
                SmallRuns.layer "norm" (torch.nn.BatchNorm1d 6L),
                SmallRuns.layer "last" (torch.nn.Linear(6L, 6L))
            )

        withFile (FixtureFiles.checkpoint ()) (fun checkpointFile ->
            let report = PretrainedWeights.Load(trunk, checkpointFile, stripPrefix = "module.")

            Expect.isTrue report.IsComplete "all")
    }

let private script =
    test "pretrained: a script as a trunk" {
        withFile (FixtureFiles.script ()) (fun scriptFile ->
            use trunk = ScriptTrunk.Load scriptFile

            Expect.equal (trunk.state_dict().Count) 9 "tensors")
    }

let tests = testList "pretrained" [ weights; script ]

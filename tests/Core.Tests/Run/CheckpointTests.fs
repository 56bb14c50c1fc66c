module MetricLearning.Core.Tests.Run.CheckpointTests

open System
open System.Collections.Generic
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Places
open MetricLearning.Core.Tests.Support.SavedRuns
open MetricLearning.Core.Tests.Data

let tests =
    testList
        "checkpoints"
        [
            testCase "is one that others read: weights, slots and buffers by name" (fun () ->
                use session = fitting ()
                step session
                use state = session.Take()

                withPath (fun path ->
                    session.SaveCheckpoint path
                    let tensors, strings = ForeignReader.read (File.ReadAllBytes path)

                    for name, bits in Snapshot.ofModules session.Handles do
                        let bytes = tensors[name].Bytes
                        use tensor = torch.tensor (bytes, dtype = ScalarType.Byte)
                        Expect.equal (Snapshot.bitsOf tensor) bits name

                    for name in
                        [
                            "trunk_optimizer.exp_avg.trunk.inner.first.weight"
                            "trunk_optimizer.exp_avg_sq.trunk.inner.first.weight"
                            "metric_loss_optimizer.momentum_buffer.metric_loss.W"
                            "trunk.inner.norm.running_mean"
                            "progress.cursor"
                            "sha256"
                        ] do
                        Expect.isTrue (tensors.ContainsKey name) name

                    Expect.equal
                        tensors["trunk_optimizer.step.trunk.inner.first.weight"].Bytes
                        (BitConverter.GetBytes 1L)
                        "steps"

                    Expect.stringContains strings["progress"] "\"steps\":1" "numbers"
                    Expect.stringContains strings["description"] "\"trunk_optimizer\":[\"Adam\"]" "what it is made of"
                    Expect.equal strings["version"] "1" "the version"))

            testCase "weights, without their key, are a state_dict" (fun () ->
                withCheckpoint Settings.rich (fun path ->
                    use file = SafetensorsFile.Open path
                    use session = fitting ()
                    let trunk = session.Handles.Networks[Keys.Trunk].Handle.Module

                    let ofFile =
                        [
                            for entry in file.Entries do
                                if entry.Name.StartsWith "trunk." then
                                    entry.Name.Substring 6, List.ofArray entry.Shape
                        ]

                    Expect.equal
                        (Set.ofList ofFile)
                        (Set.ofSeq
                            [
                                for KeyValue(name, tensor) in trunk.state_dict () -> name, List.ofArray tensor.shape
                            ])
                        "the same entries"))

            testCase "a state is written, stepped and written again" (fun () ->
                let prepared = Subject.prepare subject Settings.rich
                use _ = Session.Start prepared

                withPath (fun path ->
                    use next = Iteration.step prepared.Recipe prepared.Handles prepared.State
                    Checkpoint.save prepared.Recipe prepared.Handles next path
                    use back = Checkpoint.load prepared.Recipe prepared.Handles path
                    Expect.equal (Snapshot.ofState back) (Snapshot.ofState next) "as a value"
                    use one = Iteration.step prepared.Recipe prepared.Handles back
                    use other = Iteration.step prepared.Recipe prepared.Handles next
                    Expect.equal (Snapshot.ofState one) (Snapshot.ofState other) "its next step"))

            testCase "nothing leaks" (fun () ->
                use session = fitting ()
                step session

                use other = Subject.start subject { Settings.rich with Loss = 3 }

                withPath (fun path ->
                    Expectations.leavesNoTensors (fun () ->
                        session.SaveCheckpoint path
                        session.ResumeFrom path
                        Expect.throws (fun () -> other.ResumeFrom path) "a refusal")))
        ]

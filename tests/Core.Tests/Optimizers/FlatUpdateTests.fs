module MetricLearning.Core.Tests.Optimizers.FlatUpdateTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Weights

// Sizes below, at and above a cache line of eight float64, a scalar, and nothing at all.
let private shapes =
    [| [| 3L; 2L |]; [| 8L |]; [||]; [| 0L |]; [| 5L; 5L |]; [| 1L |]; [| 16L |] |]

let private start () =
    shapes
    |> Array.mapi (fun index shape -> tensor (int64 index) torch.float64 shape)

let private gradientAt (time: int) (index: int) =
    tensor (int64 (1000 * time + index)) torch.float64 shapes[index]

/// Which parameters have a gradient, step by step.
type Presence =
    {
        Steps: bool[] list
        Chunk: int64
        InOnePass: bool
    }

type Presences =
    static member Presence() : Arbitrary<Presence> =
        gen {
            let! steps =
                Gen.listOfLength
                    5
                    (Gen.arrayOfLength shapes.Length (Gen.frequency [ 3, Gen.constant true; 1, Gen.constant false ]))

            let! chunk = Gen.elements [ 8L; 16L; 24L; 64L; Int64.MaxValue ]
            let! inOnePass = Gen.elements [ true; false ]

            return
                {
                    Steps = steps
                    Chunk = chunk
                    InOnePass = inOnePass
                }
        }
        |> Arb.fromGen

let private config =
    { Checked.config with
        maxTest = 60
        arbitrary = [ typeof<Presences> ]
    }

let private run (rule: Rule) (presence: Presence) =
    let group =
        if presence.InOnePass then
            group rule 0.05 (start ())
        else
            plain presence.Chunk rule 0.05 (start ())

    presence.Steps
    |> List.iteri (fun time present ->
        step group (Array.mapi (fun index (here: bool) -> if here then gradientAt time index else null) present))

    group

let private alone =
    [
        for name, rule in
            Rules.all
            |> List.filter (fun (name, _) -> name.EndsWith "options" || name.StartsWith "SGD" || name.StartsWith "Adam") ->
            testPropertyWithConfig
                config
                $"{name}: each parameter moves as if it were alone, whatever gradients are missing"
                (fun presence ->
                    use _ = torch.NewDisposeScope()
                    use group = run rule presence

                    start ()
                    |> Array.iteri (fun index weights ->
                        let mine =
                            presence.Steps
                            |> List.indexed
                            |> List.filter (fun (_, present) -> present[index])

                        use single = plain Int64.MaxValue rule 0.05 [| weights |]

                        for time, _ in mine do
                            step single [| gradientAt time index |]

                        Expect.equal group.Counts[index] (int64 mine.Length) "count"

                        for ours, expected in
                            Seq.zip
                                (Seq.append group.Slots [ group.Weights ])
                                (Seq.append single.Slots [ single.Weights ]) do
                            use view = Layout.view group.Layout.Slots[index] ours.Tensor
                            use alone = Layout.view single.Layout.Slots[0] expected.Tensor
                            Expect.isLessThan (distance view alone) 1e-13 $"parameter {index}"))
    ]

let private bits =
    [
        testPropertyWithConfig config "a parameter without a gradient keeps every bit" (fun (presence: Presence) ->
            use _ = torch.NewDisposeScope()

            let rule = Rules.all |> List.find (fst >> (=) "AdamW amsgrad maximize") |> snd

            let still =
                { presence with
                    Steps =
                        presence.Steps
                        |> List.map (Array.mapi (fun index present -> present && index <> 4))
                }

            use group = run rule still
            Expect.equal (values (shown group 4)) (values (Array.item 4 (start ()))) "weights"

            for slot in group.Slots do
                Expect.all (values (place group slot 4)) ((=) 0.0) "slots")
        testPropertyWithConfig config "steps repeat, bit for bit" (fun presence ->
            use _ = torch.NewDisposeScope()
            let rule = snd Rules.all[8]
            use one = run rule presence
            use other = run rule presence
            Expect.equal (values one.Weights.Tensor) (values other.Weights.Tensor) "weights")
        testPropertyWithConfig config "gaps between parameters stay zero" (fun presence ->
            use _ = torch.NewDisposeScope()
            use group = run (snd Rules.all[8]) presence
            let all = values group.Weights.Tensor

            for slot in group.Layout.Slots do
                for gap in slot.Offset + slot.Size .. slot.Offset + slot.Padded - 1L do
                    Expect.equal all[int gap] 0.0 slot.Name)
    ]

let private rules =
    [
        for name, rule in Rules.all ->
            test $"{name} leaves gradients as they are, and no tensors behind" {
                use _ = torch.NewDisposeScope()
                use group = plain 16L rule 0.05 (start ())
                use inOnePass = Weights.group rule 0.05 (start ())

                let gradients: (torch.Tensor | null)[] =
                    Array.init shapes.Length (gradientAt 1 >> withNull)

                let before = gradients |> Array.map (fun it -> (nonNull it).clone())
                step group gradients
                step inOnePass gradients

                withoutCollecting (fun () ->
                    let live = torch.Tensor.TotalCount
                    step group gradients
                    step inOnePass gradients
                    Expect.equal torch.Tensor.TotalCount live "live tensors")

                Array.iter2
                    (fun before after -> Expect.equal (values (nonNull after)) (values before) "gradient")
                    before
                    gradients
            }
    ]

let private edges =
    [
        test "gradients that do not lie in one piece count by their indices" {
            use _ = torch.NewDisposeScope()
            let start = tensor 1L torch.float64 [| 3L; 4L |]
            let turned = (tensor 2L torch.float64 [| 4L; 3L |]).t()
            let spread = (tensor 3L torch.float64 [| 1L |]).expand([| 5L |])

            for rule in [ snd Rules.all[2]; snd Rules.all[12] ] do
                use one = group rule 0.1 [| start; start[0] |]
                use other = group rule 0.1 [| start; start[0] |]
                step one [| turned; spread.narrow (0L, 0L, 4L) |]
                step other [| turned.contiguous (); spread.narrow(0L, 0L, 4L).contiguous() |]
                Expect.equal (values one.Weights.Tensor) (values other.Weights.Tensor) "weights"
        }
        test "a parameter of several parts is updated whole, on one thread and on several" {
            use _ = torch.NewDisposeScope()
            let threads = torch.get_num_threads ()

            try
                for rule in [ snd Rules.all[3]; snd Rules.all[9] ] do
                    let start = tensor 1L torch.float64 [| 300001L |]
                    let gradient = tensor 2L torch.float64 [| 300001L |]
                    use parallel' = group rule 0.1 [| start |]
                    torch.set_num_threads 4
                    step parallel' [| gradient |]
                    torch.set_num_threads 1
                    use serial = group rule 0.1 [| start |]
                    step serial [| gradient |]
                    use plain = plain 65536L rule 0.1 [| start |]
                    step plain [| gradient |]
                    Expect.equal (values parallel'.Weights.Tensor) (values serial.Weights.Tensor) "same bits"
                    Expect.isLessThan (distance serial.Weights.Tensor plain.Weights.Tensor) 1e-9 "libtorch's numbers"
            finally
                torch.set_num_threads threads
        }
        test "a gradient of another size, dtype or layout is refused before any write" {
            use _ = torch.NewDisposeScope()
            let start = tensor 1L torch.float64 [| 4L; 3L |]
            use group = Weights.group (snd Rules.all[7]) 0.1 [| start; start |]
            let good = tensor 2L torch.float64 [| 4L; 3L |]

            for bad in
                [
                    good.flatten().narrow(0L, 0L, 6L)
                    good.``to`` torch.float32
                    good.to_sparse ()
                ] do
                throws<InvalidOperationException> "'p1'" (fun () -> step group [| good; bad |])

            Expect.equal (values (shown group 0)) (values start) "weights"
        }
    ]

let tests =
    testList
        "flat updates"
        [
            testList "missing gradients" (alone @ bits)
            testSequenced (testList "every rule" rules)
            testSequenced (testList "edges" edges)
        ]

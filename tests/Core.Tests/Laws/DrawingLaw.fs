/// Law 11 of random numbers: what is made or mined on another thread does not change what a run draws.
module MetricLearning.Core.Tests.Laws.DrawingLaw

open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.SmallRuns

// Dropout, before which something happens.
type private Dropping(inputs: int64, before: unit -> unit) as this =
    inherit torch.nn.Module<Tensor, Tensor>("Dropping")

    let layer = torch.nn.Linear(inputs, 8L)
    let dropout = torch.nn.Dropout 0.5
    do this.RegisterComponents()

    override _.forward input =
        before ()
        dropout.call (layer.call input)

let private afterAStep (before: unit -> unit) : Snapshot =
    use _ = torch.manual_seed 1L
    let data = data ()
    use trunk = new Dropping(data.size 1, before)
    trunk.``to`` data.dtype |> ignore

    let run =
        Setup.prepare
            MetricLossOnly.recipe
            (optionsOf [ Keys.Trunk, (trunk :> torch.nn.Module) ] [ Keys.optimizerOf Keys.Trunk, adam ] data)

    use _ = Session.Start run
    use state = Run.step run run.State
    Snapshot.ofState state

// A step in the middle of which another thread does something. The step goes on when that is done, or waits.
let private besideAStep (act: unit -> unit) : Snapshot =
    let other = Thread(act, IsBackground = true)

    let after =
        afterAStep (fun () ->
            other.Start()
            SpinWait.SpinUntil(fun () -> not other.IsAlive || other.ThreadState.HasFlag ThreadState.WaitSleepJoin))

    // Before the next one seeds libtorch's generator.
    other.Join()
    after

let private deeds: (string * (unit -> unit)) list =
    [
        for name, make in EveryPart.losses do
            $"{name} is made",
            fun () ->
                use _ = make ()
                ()

        "a miner draws",
        fun () ->
            use _ = torch.NewDisposeScope()

            let rows =
                torch.arange(120.0.ToScalar(), dtype = torch.float32).sin().reshape(24L, 5L)

            let labels = torch.arange(24L.ToScalar()).remainder(4L.ToScalar())
            DistanceWeightedMiner().Mine(rows, labels) |> ignore
    ]

let tests =
    testList
        "11 random numbers of other threads"
        [
            testCase "what is made or mined elsewhere changes nothing" (fun () ->
                let expected = afterAStep ignore

                for name, deed in deeds do
                    Expect.equal (besideAStep deed) expected name)

            testCase "seen to fail: the user's own draws are not held back" (fun () ->
                let draw () = (torch.rand 3L).Dispose()
                Expect.notEqual (besideAStep draw) (afterAStep ignore) "as the docs say")
        ]

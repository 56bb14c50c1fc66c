/// Law 2 on several cores: iterations choose algorithms whose sums do not depend on threads.
module MetricLearning.Core.Tests.Laws.DeterminismLaw

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.SmallRuns

// Copies of each row, indexed: so many that several threads add their gradients, in libtorch's usual algorithm in any order.
type private Indexing(inputs: int64, copies: int64) as this =
    inherit torch.nn.Module<Tensor, Tensor>("Indexing")

    let layer = torch.nn.Linear(inputs, 8L)
    do this.RegisterComponents()

    member val Seen: LibtorchAlgorithms voption = ValueNone with get, set

    override this.forward input =
        this.Seen <- LibtorchAlgorithms.current ()
        let hidden = layer.forward input
        let rows = hidden.size 0
        let places = torch.arange((rows * copies).ToScalar()).remainder(rows.ToScalar())
        let weights = torch.linspace(-1.0, 1.0, rows * copies).unsqueeze 1L
        (hidden.index (places) * weights).reshape(copies, rows, 8L).sum(0L)

let private run (isDeterministic: bool) (copies: int64) (act: Indexing -> Run -> 'Result) : 'Result =
    let data = data ()
    use trunk = new Indexing(data.size 1, copies)
    trunk.``to`` data.dtype |> ignore

    let options =
        RunOptions(
            optionsOf [ Keys.Trunk, (trunk :> torch.nn.Module) ] [ Keys.optimizerOf Keys.Trunk, adam ] data,
            Deterministic = isDeterministic
        )

    let prepared = Setup.prepare MetricLossOnly.recipe options
    use _ = Session.Start prepared
    act trunk prepared

let private onTwoThreads (act: unit -> unit) : unit =
    let threads = torch.get_num_threads ()
    torch.set_num_threads 2

    try
        act ()
    finally
        torch.set_num_threads threads

let tests =
    testList
        "2 runs repeat, on several threads"
        [
            testCase "gradients of indexed rows" (fun () ->
                onTwoThreads (fun () ->
                    run true 1000L (fun _ prepared ->
                        let next () =
                            use state = Run.step prepared prepared.State
                            Snapshot.ofState state

                        let first = next ()

                        for _ in 1..10 do
                            Expect.equal (next ()) first "the same bits")))

            testCase "the choice is for iterations only" (fun () ->
                let before = LibtorchAlgorithms.current ()
                Expect.isTrue before.IsSome "this libtorch can say"

                run true 1L (fun trunk prepared ->
                    use _ = Run.step prepared prepared.State
                    Expect.equal trunk.Seen (ValueSome LibtorchAlgorithms.deterministic) "in the iteration"
                    Expect.equal (LibtorchAlgorithms.current ()) before "after it"))

            testCase "the choice is the user's" (fun () ->
                let before = LibtorchAlgorithms.current ()

                run false 1L (fun trunk prepared ->
                    use _ = Run.step prepared prepared.State
                    Expect.equal trunk.Seen before "in the iteration"))

            testCase "a failing iteration gives it back, too" (fun () ->
                let before = LibtorchAlgorithms.current ()

                run true 1L (fun trunk prepared ->
                    trunk.register_forward_pre_hook (fun _ _ -> raise (TimeoutException "here"))
                    |> ignore

                    Expect.throws (fun () -> (Run.step prepared prepared.State).Dispose()) "it fails"
                    Expect.equal (LibtorchAlgorithms.current ()) before "after it"))
        ]

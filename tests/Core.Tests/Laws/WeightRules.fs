/// The rules of weights as values, 6 to 11: when a vector is written to, and what modules show.
module MetricLearning.Core.Tests.Laws.WeightRules

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Trainers

open MetricLearning.Core.Tests.Laws.SmallRuns

let private rule6 =
    testList
        "6 what is taken is yours"
        [ testCase "vectors that nobody took are written in place, others never" (fun () ->
              use session = Subject.start Subject.metricLossOnly Settings.rich
              let shown () = session.Handles.Shown.Weights[0]
              step session
              let first = shown ()
              step session
              Expect.isTrue (obj.ReferenceEquals(shown (), first)) "in place"
              use taken = session.Take()
              let written = Snapshot.ofState taken
              step session
              Expect.isFalse (obj.ReferenceEquals(shown (), first)) "a copy"
              Expect.equal (Snapshot.ofState taken) written "the state that was taken"
              let second = shown ()
              step session
              Expect.isTrue (obj.ReferenceEquals(shown (), second)) "in place again")

          testCase "a hook's edit of a module is where the next step starts" (fun () ->
              let run edit =
                  let made = Subject.metricLossOnly.Ingredients Settings.rich (Trap())
                  use session = Session.Start(Setup.prepare Subject.metricLossOnly.Recipe made)
                  let trunk = snd made.Models[0]

                  Drive.train session 1 (fun _ event ->
                      if event = Event.IterationEnded && session.Progress.Steps = 2L then
                          edit session trunk)

                  (Snapshot.ofSession session).Vectors

              let average (trunk: torch.nn.Module) =
                  use _ = torch.no_grad ()

                  for parameter in trunk.parameters () do
                      parameter.mul_ ((0.5).ToScalar()) |> ignore

              let edited = run (fun _ trunk -> average trunk)
              Expect.notEqual edited (run (fun _ _ -> ())) "it counts"
              // The same, on the value.
              let onValue =
                  run (fun session _ ->
                      for part, learned in
                          Array.zip
                              session.Handles.Parts
                              (use state = session.Take() in state.Learned.Parts) do
                          if part.Layout.Slots[0].Name.StartsWith("trunk", StringComparison.Ordinal) then
                              use _ = torch.no_grad ()
                              learned.Weights.Tensor.mul_ ((0.5).ToScalar()) |> ignore)

              Expect.equal edited onValue "as if the state's vector had been written")

          testCase "a state that was freed is refused, clearly" (fun () ->
              let prepared = Subject.prepare Subject.metricLossOnly Settings.rich
              use _ = Session.Start prepared
              let state = Iteration.step prepared.Recipe prepared.Handles prepared.State
              (state :> IDisposable).Dispose()

              Expect.throwsT<InvalidOperationException>
                  (fun () -> Iteration.step prepared.Recipe prepared.Handles state |> ignore)
                  "a step"

              Expect.throwsT<InvalidOperationException> (fun () -> state.Share() |> ignore) "a share") ]

let private embedding (maxNorm: float option) : torch.nn.Module<Tensor, Tensor> =
    match maxNorm with
    | Some norm -> torch.nn.Embedding (10L, 4L, max_norm = norm)
    | None -> torch.nn.Embedding (10L, 4L)

let private words () =
    torch.tensor([| for index in 0L .. Parts.samples - 1L -> (index * 3L + index / 5L) % 10L |]).DetachFromDisposeScope()

let private rule7 =
    testList
        "7 what a forward pass rewrites is cloned before it"
        [ testCase "an embedding with max_norm: steps are functions" (fun () ->
              let trunk = embedding (Some 0.3)

              let prepared =
                  Setup.prepare
                      MetricLossOnly.recipe
                      (ingredientsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (words ()))

              use _ = Session.Start prepared
              Expect.isTrue prepared.Handles.Parts[0].IsRewritten "the part is known to be rewritten"
              let before = Snapshot.ofState prepared.State
              use one = Iteration.step prepared.Recipe prepared.Handles prepared.State
              use other = Iteration.step prepared.Recipe prepared.Handles prepared.State
              Expect.equal (Snapshot.ofState one) (Snapshot.ofState other) "twice"
              Expect.equal (Snapshot.ofState prepared.State) before "the state")

          testCase "an embedding without max_norm is not copied" (fun () ->
              use session =
                  session (ingredientsOf [ Keys.Trunk, embedding None ] [ "trunk_optimizer", adam ] (words ()))

              Expect.isFalse session.Handles.Parts[0].IsRewritten "the part")

          testCase "a failure after max_norm has rewritten is undone" (fun () ->
              let trap = Trap()
              let trunk = new TrappedNet(embedding (Some 0.3), trap, Place.Forward)
              use session = session (ingredientsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (words ()))
              step session
              let before = Snapshot.ofSession session
              let shown = Snapshot.ofModules session.Handles
              trap.OnVisit <- fun _ -> invalidOp "trap"
              Expect.throws (fun () -> step session) "it fails"
              Expect.equal (Snapshot.ofSession session) before "the state"
              Expect.equal (Snapshot.ofModules session.Handles) shown "the modules")

          testCase "one vector for each dtype, integer buffers included" (fun () ->
              use session = Subject.start Subject.metricLossOnly { Settings.rich with Embedder = false; Loss = 0 }

              for _ in 1..3 do
                  step session

              use state = session.Take()
              let parts = session.Handles.Buffers

              Expect.equal
                  (set [ for part in parts -> part.Layout.Dtype ])
                  (set [ ScalarType.Float32; ScalarType.Int64 ])
                  "dtypes"

              let index = parts |> Array.findIndex (fun part -> part.Layout.Dtype = ScalarType.Int64)
              use batches = Layout.view parts[index].Layout.Slots[0] state.Learned.Buffers[index].Tensor
              Expect.equal (batches.ToInt64()) 3L "num_batches_tracked") ]

/// A layer whose weight lies column by column.
type private Transposed() as this =
    inherit torch.nn.Module<Tensor, Tensor>("Transposed")
    let weight = parameter (torch.rand(6L, 4L).t ())
    do this.register_parameter ("weight", weight)
    member _.Weight = weight
    override _.forward input = torch.nn.functional.linear (input, weight)

/// Trunk and embedder share a weight; one of them may be frozen.
let private sharedAndFrozen =
    testList
        "what a frozen network shares with one that trains does not move"
        [ for frozen in [ Keys.Trunk; Keys.Embedder ] do
              testCase $"{frozen} is frozen" (fun () ->
                  let shared = parameter (torch.ones 6L)
                  let trunk = torch.nn.Sequential (layer "scaled" (new Scaled(shared)), layer "linear" (linear 6L 6L))
                  let embedder = torch.nn.Sequential (layer "scaled" (new Scaled(shared)), layer "linear" (linear 6L 4L))

                  use session =
                      session
                          { ingredientsOf
                                [ Keys.Trunk, trunk; Keys.Embedder, embedder ]
                                [ (if frozen = Keys.Trunk then "embedder_optimizer" else "trunk_optimizer"), adam ]
                                (data ()) with
                              Frozen = [ frozen ] }

                  let before = Snapshot.bitsOf shared
                  step session
                  Expect.equal (Snapshot.bitsOf shared) before "the weight") ]

let private rule8 =
    testList
        "8 contiguous, and no sparse gradients"
        [ testCase "binding makes parameters contiguous, with the same numbers" (fun () ->
              let trunk = new Transposed()
              let before = Snapshot.bitsOf trunk.Weight
              Expect.isFalse (trunk.Weight.is_contiguous ()) "as it was made"
              use session = session (ingredientsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (data ()))
              Expect.isTrue (trunk.Weight.is_contiguous ()) "as it is bound"
              Expect.equal (Snapshot.bitsOf trunk.Weight) before "the numbers"
              step session
              Expect.notEqual (Snapshot.bitsOf trunk.Weight) before "it trains")

          testCase "a sparse gradient is an error that says so, and nothing changes" (fun () ->
              let trunk = torch.nn.Embedding (10L, 4L, sparse = true)
              use session = session (ingredientsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (words ()))
              let before = Snapshot.ofSession session

              Expect.throwsC (fun () -> step session) (fun error ->
                  Expect.stringContains error.Message "sparse" "the message")

              Expect.equal (Snapshot.ofSession session) before "the state") ]

let private showsItsState (session: Session) =
    use state = session.Take()

    for part, learned in Array.zip session.Handles.Parts state.Learned.Parts do
        for parameter, slot in Array.zip part.Parameters part.Layout.Slots do
            use view = Layout.view slot learned.Weights.Tensor
            Expect.equal (Snapshot.bitsOf parameter) (Snapshot.bitsOf view) slot.Name

    for part, vector in Array.zip session.Handles.Buffers state.Learned.Buffers do
        for buffer, slot in Array.zip part.Buffers part.Layout.Slots do
            use view = Layout.view slot vector.Tensor
            Expect.equal (Snapshot.bitsOf buffer) (Snapshot.bitsOf view) slot.Name

let private rule9 =
    testList
        "9 modules show the newest state"
        [ testCase "after training, a failure and a fork" (fun () ->
              let trap = Trap()
              let subject = Subject.metricLossOnly
              let prepared = Setup.prepare subject.Recipe (subject.Ingredients Settings.rich trap)
              use session = Session.Start prepared
              showsItsState session
              Drive.train session 1 Drive.quietly
              showsItsState session
              trap.OnVisit <- fun place -> if place = Place.Embedder then invalidOp "trap"
              Expect.throws (fun () -> Drive.train session 2 Drive.quietly) "it fails"
              trap.OnVisit <- ignore
              showsItsState session
              use fork = session.Take()
              use forked = Iteration.step prepared.Recipe prepared.Handles fork
              ignore forked
              Drive.train session 3 Drive.quietly
              showsItsState session)

          testCase "a disposed trainer's step says that it was disposed" (fun () ->
              let session = Subject.start Subject.metricLossOnly Settings.rich
              session.Dispose()
              Expect.throwsT<ObjectDisposedException> (fun () -> step session) "a step") ]

let private rule11 =
    testCase "11 the lock does not cover hooks" (fun () ->
        use first = Subject.start Subject.metricLossOnly Settings.rich
        use second = Subject.start Subject.metricLossOnly Settings.rich
        let mutable trained = false

        Drive.train first 1 (fun number _ ->
            // Another trainer trains on another thread while this hook waits for it.
            if number = 0 then
                let thread = Thread(fun () -> Drive.train second 1 Drive.quietly)
                thread.Start()
                trained <- thread.Join(TimeSpan.FromSeconds 60.0))

        Expect.isTrue trained "the other trainer was not kept waiting")

let tests =
    testList "weights as values" [ rule6; rule7; sharedAndFrozen; rule8; rule9; rule11 ]

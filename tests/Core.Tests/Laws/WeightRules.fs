/// The rules of weights as values.
module MetricLearning.Core.Tests.Laws.WeightRules

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Trainers

let private step (session: Session) = session.Step CancellationToken.None |> Seq.iter ignore

let private labels () = torch.tensor(Parts.labels).DetachFromDisposeScope()

let private ingredientsOf (models: (string * torch.nn.Module) list) (optimizers: (string * Optimizer) list) (data: Tensor) =
    { Ingredients.create
          models
          [ Keys.MetricLoss, TripletMargin.loss { TripletMargin.defaults with Margin = 1.0 } ]
          optimizers
          Parts.batchSize
          (Dataset.ofTensors data (labels ())) with
        Workers = 0
        Seed = Some 4L }

let private adam = Optimizer.adam 0.01

let private linear (inputs: int64) (outputs: int64) = torch.nn.Linear (inputs, outputs)

let private layer (name: string) (layer: torch.nn.Module<Tensor, Tensor>) = struct (name, layer)

let private data () = (Parts.data Settings.rich).DetachFromDisposeScope()

let private mistakesOf (ingredients: Ingredients) : string list =
    try
        (Session.Start(Setup.prepare MetricLossOnly.recipe ingredients)).Dispose()
        []
    with :? SetupException as error ->
        List.ofSeq error.Mistakes

let private session (ingredients: Ingredients) =
    Session.Start(Setup.prepare MetricLossOnly.recipe ingredients)

/// A network around a parameter that others may hold too.
type private Scaled(scale: Modules.Parameter) as this =
    inherit torch.nn.Module<Tensor, Tensor>("Scaled")
    do this.register_parameter ("scale", scale)
    override _.forward input = input * scale

let private parameter (values: Tensor) = (new Modules.Parameter(values)).DetachFromDisposeScope() :?> Modules.Parameter

let private slotsOf (session: Session) =
    [ for part in session.Handles.Parts do
          for slot in part.Layout.Slots -> slot.Name ]

let private rule1 =
    testList
        "1 parameters are identified by object"
        [ testCase "one object in two modules is one slot" (fun () ->
              let shared = parameter (torch.ones 6L)
              let trunk, embedder = new Scaled(shared), new Scaled(shared)

              use session =
                  session (
                      ingredientsOf
                          [ Keys.Trunk, trunk; Keys.Embedder, embedder ]
                          [ "trunk_optimizer", adam ]
                          (data ())
                  )

              Expect.equal (slotsOf session) [ "trunk.scale" ] "the slots"
              let before = Snapshot.bitsOf shared
              step session
              Expect.notEqual (Snapshot.bitsOf shared) before "it trains")

          testCase "different parameters on one storage are a mistake" (fun () ->
              let first = parameter (torch.ones 6L)
              let second = parameter (first.detach().alias ())

              let mistakes =
                  mistakesOf (
                      ingredientsOf
                          [ Keys.Trunk, new Scaled(first); Keys.Embedder, new Scaled(second) ]
                          [ "trunk_optimizer", adam ]
                          (data ())
                  )

              Expect.exists mistakes _.Contains("same memory") $"{mistakes}") ]

let private rule2 =
    testList
        "2 what is shared is treated alike"
        [ testCase "one module under two keys, frozen under one" (fun () ->
              let shared = linear 6L 6L

              let mistakes =
                  mistakesOf
                      { ingredientsOf
                            [ Keys.Trunk, shared; Keys.Embedder, shared ]
                            [ "trunk_optimizer", adam ]
                            (data ()) with
                          Frozen = [ Keys.Embedder ] }

              Expect.exists mistakes _.Contains("are one module") $"{mistakes}")

          testCase "a parameter in two optimizers" (fun () ->
              let shared = linear 6L 6L

              let mistakes =
                  mistakesOf (
                      ingredientsOf
                          [ Keys.Trunk, shared; Keys.Embedder, shared ]
                          [ "trunk_optimizer", adam; "embedder_optimizer", adam ]
                          (data ())
                  )

              Expect.exists mistakes _.Contains("may be in one") $"{mistakes}")

          testCase "with freeze_trunk_batchnorm a layer that the embedder shares keeps its statistics" (fun () ->
              let norm = torch.nn.BatchNorm1d 6L
              let trunk = torch.nn.Sequential (layer "first" (linear 6L 6L), layer "norm" norm)
              let embedder = torch.nn.Sequential (layer "norm" norm, layer "last" (linear 6L 4L))

              use session =
                  session
                      { ingredientsOf
                            [ Keys.Trunk, trunk; Keys.Embedder, embedder ]
                            [ "trunk_optimizer", adam ]
                            (data ()) with
                          FreezeTrunkBatchnorm = true }

              let before = [ for buffer in norm.buffers () -> Snapshot.bitsOf buffer ]
              step session
              Expect.equal [ for buffer in norm.buffers () -> Snapshot.bitsOf buffer ] before "its statistics") ]

let private rule3 =
    testCase "3 vectors follow group and parameter order; what no optimizer has never moves" (fun () ->
        let trunk, embedder = linear 6L 5L, linear 5L 4L

        use session =
            session (
                ingredientsOf
                    [ Keys.Trunk, trunk; Keys.Embedder, embedder ]
                    [ "trunk_optimizer", adam |> Optimizer.group _.EndsWith("bias") (Optimizer.learningRate 0.1) ]
                    (data ())
            )

        Expect.equal
            [ for part in session.Handles.Parts ->
                  part.Optimizer, part.Group, [ for slot in part.Layout.Slots -> slot.Name ] ]
            [ Some "trunk_optimizer", 0, [ "trunk.weight" ]
              Some "trunk_optimizer", 1, [ "trunk.bias" ]
              None, 0, [ "embedder.weight"; "embedder.bias" ] ]
            "the parts"

        let before = Snapshot.ofModules session.Handles
        step session
        let after = Snapshot.ofModules session.Handles

        for (name, was), (_, now) in List.zip before after do
            Expect.equal (now <> was) (name.StartsWith("trunk", StringComparison.Ordinal)) name)

let private rule4 =
    testCase "4 .grad is readable until the next iteration, null where none was produced" (fun () ->
        let trunk = linear 6L 4L
        let bias = trunk.bias |> nonNull
        bias.requires_grad <- false
        use session = session (ingredientsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (data ()))
        step session
        Expect.isNull bias.grad "the bias"
        Expect.isNotNull trunk.weight.grad "the weight"
        use first = trunk.weight.grad |> nonNull |> _.clone()
        step session
        use second = trunk.weight.grad |> nonNull
        Expect.notEqual (Snapshot.bitsOf second) (Snapshot.bitsOf first) "another iteration's"
        use sum = first + second
        use third = (second - sum).abs().sum ()
        Expect.isGreaterThan (third.ToSingle()) 0f "not accumulated")

let private child<'Layer when 'Layer: not null> (name: string) (trunk: torch.nn.Module) : 'Layer =
    trunk.named_children ()
    |> Seq.pick (fun struct (found, layer) ->
        match box layer with
        | :? 'Layer as layer when found = name -> Some layer
        | _ -> None)

let private rule5 =
    let refuses (name: string) (change: torch.nn.Module<Tensor, Tensor> -> unit) =
        testCase $"{name} is refused, and nothing changes" (fun () ->
            let trunk =
                torch.nn.Sequential (
                    layer "first" (linear 6L 5L),
                    layer "norm" (torch.nn.BatchNorm1d 5L),
                    layer "last" (linear 5L 4L)
                )

            use session = session (ingredientsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (data ()))
            step session
            let before = Snapshot.ofSession session
            change trunk
            Expect.throwsT<InvalidOperationException> (fun () -> step session) name
            Expect.equal (Snapshot.ofSession session) before "the state")

    testList
        "5 a parameter or buffer that was replaced or disposed"
        [ refuses "another dtype" (fun trunk -> trunk.``to`` ScalarType.Float64 |> ignore)
          refuses "half precision" (fun trunk -> trunk.half () |> ignore)
          refuses "a disposed module" (fun trunk -> trunk.Dispose())
          refuses "a disposed layer" (fun trunk -> (child<Modules.Linear> "last" trunk).Dispose())
          refuses "a replaced weight" (fun trunk ->
              (child<Modules.Linear> "first" trunk).weight <- new Modules.Parameter(torch.ones (5L, 6L)))
          refuses "a disposed buffer" (fun trunk -> ((child<Modules.BatchNorm1d> "norm" trunk).running_mean |> nonNull).Dispose()) ]

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
    testList
        "weights as values"
        [ rule1; rule2; sharedAndFrozen; rule3; rule4; rule5; rule6; rule7; rule8; rule9; rule11 ]

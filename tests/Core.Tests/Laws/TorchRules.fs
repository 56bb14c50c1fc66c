/// The rules of weights as values that are about TorchSharp's optimizers and schedulers.
module MetricLearning.Core.Tests.Laws.TorchRules

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Trainers

let private subject = Subject.metricLossOnly
let private settings = { Settings.rich with Loss = 0 }
let private step (session: Session) = session.Step CancellationToken.None |> Seq.iter ignore

/// A run whose optimizers are made from its models.
let private withOptimizers (settings: Settings) optimizers : Ingredients =
    let made = subject.Ingredients settings (Trap())
    { made with Optimizers = optimizers (dict made.Models) }

let private prepare (ingredients: Ingredients) = Setup.prepare MetricLossOnly.recipe ingredients

let private parametersOf (models: Collections.Generic.IDictionary<string, torch.nn.Module>) (keys: string list) =
    [| for key in keys do
           yield! models[key].parameters () |]

let private torchOptimizer (make: Modules.Parameter[] -> torch.optim.Optimizer) (keys: string list) =
    fun models -> [ "trunk_optimizer", OptimizerChoice.Torch(make (parametersOf models keys)) ]

let private sgd parameters : torch.optim.Optimizer =
    torch.optim.SGD ((parameters: Modules.Parameter[]), 0.05, momentum = 0.9)

let private asgd parameters : torch.optim.Optimizer = torch.optim.ASGD ((parameters: Modules.Parameter[]), 0.05)

let private mistakesOf (ingredients: Ingredients) =
    try
        (Session.Start(prepare ingredients)).Dispose()
        []
    with :? SetupException as error ->
        List.ofSeq error.Mistakes

let private moved (before: (string * string) list) (after: (string * string) list) =
    [ for (name, was), (_, now) in List.zip before after do
          if was <> now then
              name.Split('.')[0] ]
    |> List.distinct

let private shared =
    testList
        "shared optimizers"
        [ testCase "one optimizer for several networks" (fun () ->
              use session =
                  Session.Start(prepare (withOptimizers settings (torchOptimizer sgd [ Keys.Trunk; Keys.Embedder ])))

              let before = Snapshot.ofModules session.Handles
              step session
              Expect.equal (moved before (Snapshot.ofModules session.Handles)) [ "trunk"; "embedder" ] "both train")

          testCase "its key decides when it steps" (fun () ->
              let made = withOptimizers settings (torchOptimizer sgd [ Keys.Trunk; Keys.Embedder ])
              use session = Session.Start(prepare { made with Frozen = [ Keys.Trunk ] })
              let parameters () =
                  Snapshot.ofModules session.Handles |> List.filter (fun (name, _) -> name.Contains "weight")
              let before = parameters ()
              step session
              Expect.equal (parameters ()) before "the trunk is frozen, so it does not step")

          testCase "one optimizer under two keys is a mistake" (fun () ->
              let mistakes =
                  mistakesOf (
                      withOptimizers settings (fun models ->
                          let one = sgd (parametersOf models [ Keys.Trunk; Keys.Embedder ])

                          [ "trunk_optimizer", OptimizerChoice.Torch one
                            "embedder_optimizer", OptimizerChoice.Torch one ])
                  )

              Expect.exists mistakes _.Contains("One optimizer stands under") $"{mistakes}")

          testCase "a parameter in two optimizers is a mistake, whatever their kinds" (fun () ->
              for second in
                  [ fun models -> OptimizerChoice.Torch(sgd (parametersOf models [ Keys.Embedder ]))
                    fun _ -> OptimizerChoice.Pure(Optimizer.sgd 0.1) ] do
                  let mistakes =
                      mistakesOf (
                          withOptimizers settings (fun models ->
                              [ "trunk_optimizer",
                                OptimizerChoice.Torch(sgd (parametersOf models [ Keys.Trunk; Keys.Embedder ]))
                                "embedder_optimizer", second models ])
                      )

                  Expect.exists mistakes _.Contains("may be in one") $"{mistakes}")

          testCase "a changed parameter group is refused, and nothing changes" (fun () ->
              let made = withOptimizers settings (torchOptimizer sgd [ Keys.Trunk ])

              let optimizer =
                  match made.Optimizers with
                  | [ _, OptimizerChoice.Torch optimizer ] -> optimizer
                  | _ -> invalidOp "one optimizer"

              use session = Session.Start(prepare made)
              step session
              let before = Snapshot.ofSession session
              let embedder = made.Models |> List.find (fst >> (=) Keys.Embedder) |> snd
              optimizer.add_param_group (Modules.SGD.ParamGroup(embedder.parameters ()))
              Expect.throwsT<InvalidOperationException> (fun () -> step session) "another group"
              Expect.equal (Snapshot.ofSession session) before "the state") ]

let private slots =
    testList
        "slots"
        [ testCase "those of an optimizer that has already stepped are taken over" (fun () ->
              let adam (parameters: Modules.Parameter[]) : torch.optim.Optimizer = torch.optim.Adam (parameters, 0.01)
              let whole () = withOptimizers settings (torchOptimizer adam [ Keys.Trunk; Keys.Embedder ])

              // Two trainings of one epoch each, the second by a new trainer over the same modules and optimizer…
              let made = whole ()

              let first =
                  use session = Session.Start(prepare made)
                  Drive.train session 1 Drive.quietly
                  session.Progress

              use second = Session.Start(prepare made)
              use taken = second.Take()

              // … start from the slots that the first ended with.
              let other = whole ()
              use session = Session.Start(prepare other)
              Drive.train session 1 Drive.quietly
              use expected = session.Take()
              Expect.equal first.Steps session.Progress.Steps "as long"
              Expect.equal (Snapshot.ofState taken).Vectors (Snapshot.ofState expected).Vectors "weights and slots"
              Expect.equal (Snapshot.ofState taken).Counts (Snapshot.ofState expected).Counts "step counts")

          testCase "after giving back, they are the optimizer's own, as the run left them" (fun () ->
              let made = withOptimizers settings (torchOptimizer sgd [ Keys.Trunk; Keys.Embedder ])
              let session = Session.Start(prepare made)
              Drive.train session 1 Drive.quietly
              use taken = session.Take()
              let written = Snapshot.ofState taken
              session.Dispose()

              match made.Optimizers with
              | [ _, OptimizerChoice.Torch(:? Modules.SGD as optimizer) ] ->
                  let momenta () =
                      [ for state in optimizer.state_dict().State do
                            match state with
                            | :? Modules.SGD.State as state -> nonNull state.momentum_buffer
                            | _ -> () ]

                  use slot = Layout.view session.Handles.Parts[0].Layout.Slots[0] taken.Learned.Parts[0].Slots[0].Tensor
                  Expect.equal (Snapshot.bitsOf (List.head (momenta ()))) (Snapshot.bitsOf slot) "as the run left them"
                  use _ = torch.no_grad ()

                  for buffer in momenta () do
                      buffer.zero_ () |> ignore
              | _ -> ()

              Expect.equal (Snapshot.ofState taken) written "the state that was taken")

          testCase "rates that the user writes rule the next step" (fun () ->
              let made = withOptimizers settings (torchOptimizer sgd [ Keys.Trunk; Keys.Embedder ])
              use session = Session.Start(prepare made)
              step session

              match made.Optimizers with
              | [ _, OptimizerChoice.Torch optimizer ] ->
                  for group in optimizer.ParamGroups do
                      group.LearningRate <- 0.0
              | _ -> ()

              use before = session.Take()
              step session
              use after = session.Take()

              Expect.equal
                  (Snapshot.bitsOf after.Learned.Parts[0].Weights.Tensor)
                  (Snapshot.bitsOf before.Learned.Parts[0].Weights.Tensor)
                  "no rate, no move"

              Expect.equal session.Progress.Rates["trunk_optimizer"] [| 0.0 |] "and is recorded") ]

let private inPlace () = withOptimizers settings (torchOptimizer asgd [ Keys.Trunk; Keys.Embedder ])

let private withoutTwin =
    testList
        "an optimizer without a twin"
        [ testCase "trains, and says at construction what it cannot do" (fun () ->
              let prepared = prepare (inPlace ())
              use session = Session.Start prepared
              let before = Snapshot.ofModules session.Handles
              Drive.train session 2 Drive.quietly
              Expect.equal (moved before (Snapshot.ofModules session.Handles)) [ "trunk"; "embedder" ] "both train"
              Expect.exists prepared.Warnings _.Contains("ASGD") $"{prepared.Warnings}")

          testCase "a state that was taken is not written to" (fun () ->
              use session = Session.Start(prepare (inPlace ()))
              step session
              use taken = session.Take()
              let written = Snapshot.ofState taken
              step session
              Expect.equal (Snapshot.ofState taken) written "the state")

          testCase "a second step of one state is refused" (fun () ->
              let prepared = prepare (inPlace ())
              use _ = Session.Start prepared
              use next = Iteration.step prepared.Recipe prepared.Handles prepared.State
              use _ = Iteration.step prepared.Recipe prepared.Handles next

              for state in [ prepared.State; next ] do
                  Expect.throwsT<InvalidOperationException>
                      (fun () -> Iteration.step prepared.Recipe prepared.Handles state |> ignore)
                      "a fork")

          testCase "so is going on with fresh machines" (fun () ->
              use session = Session.Start(prepare (inPlace ()))
              step session
              use taken = session.Take()
              use other = Session.Start(prepare (inPlace ()))
              other.Resume taken
              Expect.throwsT<InvalidOperationException> (fun () -> step other) "its slots are not there") ]

let private schedulers =
    testCase "a TorchSharp scheduler cannot go back, and says what to use" (fun () ->
        let settings =
            { settings with
                TorchOptimizers = true
                TorchSchedulers = true
                Schedule = ScheduleSetting.ByIteration }

        let prepared = Subject.prepare subject settings
        use _ = Session.Start prepared
        use next = Iteration.step prepared.Recipe prepared.Handles prepared.State
        ignore next

        Expect.throwsC
            (fun () -> Iteration.step prepared.Recipe prepared.Handles prepared.State |> ignore)
            (fun error -> Expect.stringContains error.Message "use a schedule of this library" "the message"))

let tests =
    testList "TorchSharp's optimizers and schedulers" [ shared; slots; withoutTwin; schedulers ]

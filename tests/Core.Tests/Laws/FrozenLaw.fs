/// Law 10: what is frozen does not move, and is given back as it was.
module MetricLearning.Core.Tests.Laws.FrozenLaw

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private isOf (key: string) (name: string) =
    name.StartsWith(key + ".", StringComparison.Ordinal)

let private shownOf (key: string) (shown: (string * string) list) = shown |> List.filter (fst >> isOf key)

let private weightsOf (handles: Handles) (key: string) (shown: (string * string) list) =
    let weights =
        [
            for handle in handles.Modules do
                for struct (name, _) in handle.Module.named_parameters () -> $"{handle.Key}.{name}"
        ]

    shownOf key shown |> List.filter (fun (name, _) -> List.contains name weights)

/// What freezing keeps: weights and buffers; of a loss its weights, for one that remembers goes on remembering.
let private keptOf (handles: Handles) (key: string) =
    if handles.Networks.ContainsKey key then
        shownOf key
    else
        weightsOf handles key

/// Trains through every phase; what did each iteration, and what modules showed before and after it.
let private train (step: Run -> TrainingState -> TrainingState) (prepared: Run) =
    let mutable state = prepared.State.Share()

    let seen =
        [
            for _ in 1..6 do
                let plan = Iteration.decide prepared.Recipe prepared.Handles state.Progress
                let before = Snapshot.ofModules prepared.Handles
                let next = step prepared state
                (state :> IDisposable).Dispose()
                state <- next
                plan, before, Snapshot.ofModules prepared.Handles
        ]

    (state :> IDisposable).Dispose()
    seen

/// Freezes one of what may be frozen: its weights and buffers keep their bits, the others move.
let private frozenStays
    (step: Run -> TrainingState -> TrainingState)
    (subject: Subject)
    (settings: Settings)
    (number: int)
    =
    let made = subject.Options { settings with Freeze = 0 } (Trap())
    let keys = List.map fst (made.Models.Present @ made.LossFuncs.Present)

    let freezable =
        keys
        |> List.filter (fun key -> not (List.contains key subject.Needed || Subject.follows subject key))

    let frozen = freezable[number % freezable.Length]

    // Something has to train.
    if settings.Embedder || (frozen <> Keys.Trunk && frozen <> Keys.Embedder) then
        let prepared =
            Setup.prepare subject.Recipe (RunOptions(made, FreezeThese = [ frozen ]))

        use _ = Session.Start prepared
        let before = Snapshot.ofModules prepared.Handles
        let seen = train step prepared
        let after = Snapshot.ofModules prepared.Handles
        let keptOf = keptOf prepared.Handles frozen
        Expect.equal (keptOf after) (keptOf before) $"{frozen}"

        for other in keys do
            if
                other <> frozen
                && not (shownOf other before).IsEmpty
                && settings = Settings.rich
                && seen
                   |> List.exists (fun (plan, _, _) -> List.contains (Keys.optimizerOf other) plan.Stepping)
            then
                Expect.notEqual (shownOf other after) (shownOf other before) $"{other} trains"

/// In every iteration, what the plan freezes keeps its bits, and so do the weights of whatever does not step.
let private restingStays
    (step: Run -> TrainingState -> TrainingState)
    (subject: Subject)
    (settings: Settings)
    (_: int)
    =
    let prepared = Subject.prepare subject settings
    use _ = Session.Start prepared

    for plan, before, after in train step prepared do
        for handle in
            prepared.Handles.Modules
            |> Seq.filter (fun handle -> not (Subject.follows subject handle.Key)) do
            let keepsAll, keepsWeights =
                keptOf prepared.Handles handle.Key, weightsOf prepared.Handles handle.Key

            if plan.Frozen.Contains handle.Key then
                Expect.equal (keepsAll after) (keepsAll before) $"{handle.Key} is frozen"

            if not (List.contains (Keys.optimizerOf handle.Key) plan.Stepping) then
                Expect.equal (keepsWeights after) (keepsWeights before) $"{handle.Key} does not step"

let private real (prepared: Run) =
    Iteration.step prepared.Recipe prepared.Handles

let private modes (owner: torch.nn.Module) =
    [ for struct (name, layer) in owner.named_modules () -> name, layer.training ]

let private gradients (owner: torch.nn.Module) =
    [
        for struct (name, parameter) in owner.named_parameters () -> name, parameter.requires_grad
    ]

let private choose (number: int) (owner: torch.nn.Module) =
    let random = (Seed.ofInt64 (int64 number)).Random()

    for layer in owner.modules () do
        if random.Next 2 = 0 then
            layer.train false

    for parameter in owner.parameters () |> Seq.skip 1 do
        if random.Next 3 = 0 then
            parameter.requires_grad <- false

/// After `give back`, modes and requires_grad are as they were found, whatever was frozen.
let private isGivenBack (giveBack: Session -> unit) (subject: Subject) (settings: Settings) (number: int) =
    let options = subject.Options settings (Trap())
    let owners = List.map snd (options.Models.Present @ options.LossFuncs.Present)
    List.iteri (fun index -> choose (number + index)) (List.ofSeq options.Models.Values)
    let before = [ for owner in owners -> modes owner, gradients owner ]
    let session = Session.Start(Setup.prepare subject.Recipe options)
    Drive.train session 1 Drive.quietly
    giveBack session
    Expect.equal [ for owner in owners -> modes owner, gradients owner ] before "modes and gradients"

let tests =
    testList
        "10 what is frozen does not move"
        [
            LawChecks.law 30 "weights and buffers" (frozenStays real)

            LawChecks.law 20 "in every phase" (restingStays real)

            for number in 0..2 do
                LawChecks.lawAt Settings.rich $"each alone {number}" (fun subject settings ->
                    frozenStays real subject settings number)

            LawChecks.law 25 "modes and gradients are given back" (isGivenBack _.Dispose())

            LawChecks.law 15 "after giving back, every tensor has a storage of its own" (fun subject settings _ ->
                let options = subject.Options settings (Trap())
                let session = Session.Start(Setup.prepare subject.Recipe options)
                Drive.train session 1 Drive.quietly
                use kept = session.Take()
                let written = Snapshot.ofState kept
                let shown = Snapshot.ofModules session.Handles
                session.Dispose()
                Expect.equal (Snapshot.ofModules session.Handles) shown "the modules keep what they showed"
                use _ = torch.no_grad ()

                let tensors =
                    [
                        for owner in List.map snd (options.Models.Present @ options.LossFuncs.Present) do
                            for parameter in owner.parameters () -> parameter :> Tensor
                            yield! owner.buffers ()
                    ]

                for tensor in tensors do
                    tensor.zero_ () |> ignore

                Expect.equal (Snapshot.ofState kept) written "the state that was taken"

                for index, tensor in List.indexed tensors do
                    let others = tensors |> List.indexed |> List.filter (fst >> (<>) index)
                    tensor.fill_ ((1.0).ToScalar()) |> ignore

                    for _, other in others do
                        Expect.equal (other.count_nonzero().ToInt64()) 0L "another tensor"

                    tensor.zero_ () |> ignore)

            LawChecks.lawAt Settings.rich "requires_grad of the user's stays" (fun subject settings ->
                let options = subject.Options settings (Trap())
                let trunk = options.Models[Keys.Trunk]
                let kept = Seq.head (trunk.parameters ())
                kept.requires_grad <- false
                let before = Snapshot.bitsOf kept
                use session = Session.Start(Setup.prepare subject.Recipe options)

                Drive.train session 2 (fun _ _ -> Expect.isFalse kept.requires_grad "while training")
                Expect.equal (Snapshot.bitsOf kept) before "its weights"
                Expect.isFalse kept.requires_grad "afterwards")

            LawChecks.lawAt
                { Settings.rich with
                    FreezeBatchnorm = true
                }
                "with FreezeTrunkBatchnorm statistics stay and weights move"
                (fun subject settings ->
                    use session = Subject.start subject settings
                    let trunk = session.Handles.Networks[Keys.Trunk].Handle.Module

                    let norm =
                        [ for struct (name, _) in trunk.named_buffers () -> $"{Keys.Trunk}.{name}" ]

                    let initial = session.Progress
                    let before = Snapshot.ofModules session.Handles
                    Drive.train session 1 Drive.quietly
                    let after = Snapshot.ofModules session.Handles

                    let ofBuffers shown =
                        shown |> List.filter (fun (name, _) -> List.contains name norm)

                    Expect.isNonEmpty norm "there are statistics"
                    Expect.equal (ofBuffers after) (ofBuffers before) "statistics"
                    let trains = Subject.steps subject session.Handles initial Keys.Trunk

                    for (name, now), (_, was) in List.zip after before do
                        if trains && isOf Keys.Trunk name && not (List.contains name norm) then
                            Expect.notEqual now was name)

            testCase "disposing twice, and after the modules were disposed, is quiet" (fun () ->
                let options = Subject.metricLossOnly.Options Settings.rich (Trap())
                let session = Session.Start(Setup.prepare Subject.metricLossOnly.Recipe options)
                Drive.train session 1 Drive.quietly

                for owner in options.Models.Values do
                    owner.Dispose()

                session.Dispose()
                session.Dispose())

            LawChecks.isFalsified "Freezing" (fun () ->
                frozenStays (ByHand.step [ Mechanism.Freezing ]) Subject.metricLossOnly Settings.rich 0)

            LawChecks.isFalsified "Freezing in a phase" (fun () ->
                restingStays (ByHand.step [ Mechanism.Freezing ]) Subject.allPhases Settings.rich 0)

            LawChecks.isFalsified "giving back" (fun () ->
                isGivenBack ignore Subject.metricLossOnly { Settings.rich with Freeze = 1 } 1)
        ]

/// Averages of weights: what they are, and what they leave alone.
module MetricLearning.Core.Tests.Laws.AverageLaw

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

/// Numbers by the names of their tensors.
type private Numbers = (string * float[]) list

let private tensorsOf (layout: Layout) (vector: Vector) : Numbers =
    [
        for slot in layout.Slots do
            use view = Layout.view slot vector.Tensor
            slot.Name, Weights.values view
    ]

let private weightsOf (run: Run) (learned: Learned) : Numbers =
    [
        for group, known in Array.zip run.Handles.Groups learned.Groups do
            yield! tensorsOf group.Layout known.Weights
    ]

let private buffersOf (run: Run) (learned: Learned) : Numbers =
    [
        for group, vector in Array.zip run.Handles.Buffers learned.Buffers do
            yield! tensorsOf group.Layout vector
    ]

let private blend (share: float) : Numbers -> Numbers -> Numbers =
    List.map2 (fun (name, before) (_, now) ->
        name, Array.map2 (fun before now -> before + share * (now - before)) before now)

/// What the average must be after each state, from the weights of all before it.
let private byHand (averaging: int) (decay: float) (states: (Progress * Numbers) list) : Numbers list =
    let isDue (progress: Progress) =
        match averaging with
        | 1
        | 2 -> true
        | 3 -> progress.Epoch >= 2 && progress.EpochIsOver
        | _ -> progress.Steps % 2L = 0L

    let share count =
        match averaging with
        | 1 -> 1.0 - min decay ((1.0 + count) / (10.0 + count))
        | 2 -> 1.0 - decay
        | _ -> 1.0 / (count + 1.0)

    ((0.0, None), states)
    ||> List.scan (fun (count, average) (progress, weights) ->
        match average with
        | _ when not (isDue progress) -> count, average
        | None -> 1.0, Some weights
        | Some average -> count + 1.0, Some(blend (share count) average weights))
    |> List.tail
    |> List.map2 (fun (_, weights) (_, average) -> Option.defaultValue weights average) states

let private expectNear (expected: Numbers) (found: Numbers) (what: string) =
    for (name, expected), (_, found) in List.zip expected found do
        for expected, found in Array.zip expected found do
            Expect.isLessThanOrEqual (abs (found - expected)) (1e-12 * max 1.0 (abs expected)) $"{name}, {what}"

/// States after each of so many steps; each is stepped from as it is, or given up as a loop does.
let private after (steps: int) (givesUp: bool) (run: Run) : TrainingState list =
    if givesUp then
        let seen, last =
            Run.fold run steps (fun seen (state: TrainingState) -> state.Share() :: seen) [] run.State

        last.Dispose()
        List.rev seen
    else
        List.scan (fun state _ -> Run.step run state) run.State [ 1..steps ]
        |> List.tail

let private isThatByHand (decay: float) (subject: Subject) (settings: Settings) (number: int) =
    let settings =
        { settings with
            Float64 = true
            TorchSchedulers = false
            Averaging = 1 + number % 4
        }

    let run =
        subject.Options settings (Trap())
        |> RunParts.inFloat64
        |> Setup.prepare subject.Recipe

    use _ = Session.Start run
    let states = after 9 (number % 8 < 4) run

    let decay = if settings.Averaging = 2 then 0.5 else decay

    let weights =
        byHand settings.Averaging decay [ for state in states -> state.Progress, weightsOf run state.Learned ]

    let isOfNetwork (name: string) =
        run.Handles.RunKeys.Networks
        |> List.exists (fun key -> name.StartsWith(key + ".", StringComparison.Ordinal))

    for place, state in List.indexed states do
        use averaged = state.Averaged()
        expectNear weights[place] (weightsOf run averaged.Learned) $"step {place + 1}"

        let live, found = buffersOf run state.Learned, buffersOf run averaged.Learned

        for (name, live), (_, found) in List.zip live found do
            if not (isOfNetwork name) || settings.Averaging > 2 then
                Expect.equal found live $"{name} is what it is"

    // Whole numbers are not averaged.
    if settings.Averaging <= 2 then
        let isAveraged (name: string, _) =
            isOfNetwork name
            && not (name.EndsWith("num_batches_tracked", StringComparison.Ordinal))

        let buffers =
            byHand
                settings.Averaging
                decay
                [
                    for state in states -> state.Progress, List.filter isAveraged (buffersOf run state.Learned)
                ]

        use averaged = (List.last states).Averaged()
        expectNear (List.last buffers) (List.filter isAveraged (buffersOf run averaged.Learned)) "buffers"

    for state in states do
        state.Dispose()

let private leavesTrainingAlone (subject: Subject) (settings: Settings) (number: int) =
    let trained averaging =
        use session = Subject.start subject { settings with Averaging = averaging }
        Drive.train session 3 Drive.quietly
        use state = session.Take()
        use plain = state.WithoutAverage()
        Snapshot.ofState plain

    Expect.equal (trained (1 + number % 4)) (trained 0) "weights, slots, buffers and numbers"

let private step (session: Session) =
    session.Step CancellationToken.None |> Seq.iter ignore

let private bindsAndGivesBack (subject: Subject) (settings: Settings) =
    use session = Subject.start subject { settings with Averaging = 1 }

    for _ in 1..4 do
        step session

    let modules () = Snapshot.ofModules session.Handles
    let live, state = modules (), Snapshot.ofSession session

    let expected =
        use taken = session.Take()
        use averaged = taken.Averaged()
        session.Handles.Binding.Bind averaged.Learned
        let shown = modules ()
        session.Handles.Binding.Bind taken.Learned
        shown

    Expect.notEqual expected live "averages differ"
    Expect.equal (session.WhileAveraged modules) expected "the averages"
    Expect.equal (session.WhileAveraged(fun () -> session.WhileAveraged modules)) expected "one in the other"
    Expect.equal (modules ()) live "afterwards"
    Expect.throws (fun () -> session.WhileAveraged(fun () -> invalidOp "no") |> ignore) "it fails"
    Expect.equal (modules ()) live "after a failure"
    Expect.throwsT<InvalidOperationException> (fun () -> session.WhileAveraged(fun () -> step session)) "no step"
    Expect.equal (modules ()) live "after a step that was refused"
    Expect.equal (Snapshot.ofSession session) state "the state"
    step session

let private still (subject: Subject) (settings: Settings) =
    for freeze in 0..2 do
        let settings =
            { settings with
                Averaging = 1
                Freeze = freeze
            }

        let run = Subject.prepare subject settings
        use _ = Session.Start run
        use last = Run.steps run 4 run.State

        for index, group in Seq.indexed run.Handles.Groups do
            let bits (state: TrainingState) =
                Snapshot.bitsOf state.Learned.Groups[index].Weights.Tensor

            Expect.equal
                (isNull last.Learned.Average.Groups[index])
                (bits last = bits run.State)
                $"{group.Layout.Slots[0].Name} has an average of its own if it has moved"

let tests =
    testList
        "averages of weights"
        [
            LawChecks.law 40 "are those by hand" (isThatByHand 0.3)
            LawChecks.isFalsified "another decay" (fun () -> isThatByHand 0.9 Subject.metricLossOnly Settings.rich 0)
            LawChecks.law 15 "leave training alone" leavesTrainingAlone
            LawChecks.lawAt Settings.rich "bind and give back" bindsAndGivesBack
            LawChecks.lawAt Settings.rich "of what stands still cost nothing" still
            AverageTypes.tests
            AverageMistakes.tests
        ]

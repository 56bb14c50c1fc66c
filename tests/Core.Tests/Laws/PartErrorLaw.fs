/// What any part cannot take names the part, the epoch and the iteration; other exceptions of the user's arrive as they are.
module MetricLearning.Core.Tests.Laws.PartErrorLaw

open System
open System.Runtime.InteropServices
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Mishaps

let private kinds: (bool * (unit -> exn)) list =
    [
        true, (fun () -> ArgumentException "odd")
        true, (fun () -> ArgumentOutOfRangeException("odd", "odd"))
        true, (fun () -> InvalidOperationException "odd")
        true, (fun () -> ExternalException "odd\nException raised from c10")
        false, (fun () -> Sprung "odd")
        false, (fun () -> ObjectDisposedException "odd")
    ]

let private nameOf (place: Place) : string =
    match place with
    | Place.Sample -> "Reading sample "
    | Place.Collate
    | Place.Getter -> "Making a batch of samples "
    | Place.Forward -> "Models[\"trunk\"] (TrappedNet)"
    | Place.Embedder -> "Models[\"embedder\"] (TrappedNet)"
    | Place.Miner -> "MiningFuncs[\""
    | Place.SubsetMiner -> "MiningFuncs[\"subset_batch_miner\"]"
    | Place.Loss -> "LossFuncs[\""
    | Place.Clipper -> "GradientClippers[\""

// Whatever is wrong with a sample is of the data set.
let private isRead (place: Place) =
    List.contains place [ Place.Sample; Place.Collate; Place.Getter ]

let private raised (session: Session) : exn =
    try
        SmallRuns.step session
        failtest "nothing was raised"
    with
    | :? AssertException -> reraise ()
    | error -> error

let private checkPlace (session: Session) (isWrapped: bool) (name: string) (thrown: exn) (error: exn) : unit =
    let next = Progress.upcoming session.Progress
    let number = next.Iteration + 1

    match error with
    | :? PartException as error when isWrapped ->
        Expect.stringStarts error.Part name "the part"
        Expect.stringContains error.Message $" failed in epoch {next.Epoch}, iteration {number}: " "the place"
        Expect.stringContains error.Message "odd" "the reason"
        Expect.isFalse (error.Message.Contains "raised from") "no C++"

        let rec causes (error: exn | null) =
            match error with
            | null -> []
            | error -> error :: causes error.InnerException

        Expect.isTrue
            (causes error |> List.exists (fun cause -> obj.ReferenceEquals(cause, thrown)))
            "its own error is reached"
    | error when not isWrapped ->
        Expect.isTrue (obj.ReferenceEquals(error, thrown)) $"as it is, not {error}"
        Expect.stringStarts (string error.Data["part"]) name "the part"
        Expect.equal (error.Data["epoch"], error.Data["iteration"]) (box next.Epoch, box number) "the place"
    | error -> failtest $"{error}"

let private partsAreNamed (place: Place) (subject: Subject) (settings: Settings) (number: int) : unit =
    let isOfTheInput, make = kinds[number % kinds.Length]
    let trap = Trap()

    let settings =
        if place = Place.Clipper then
            withoutSkips settings
        else
            settings

    use session =
        Session.Start(Setup.prepare subject.Recipe (options subject { settings with Workers = 0 } trap))

    for _ in 1 .. number % 3 do
        SmallRuns.step session

    let thrown = make ()

    trap.OnVisit <-
        fun visited ->
            if visited = place then
                raise thrown

    checkPlace session (isOfTheInput || isRead place) (nameOf place) thrown (raised session)

let private failing (thrown: exn) (layer: torch.nn.Module<Tensor, Tensor>) =
    { new torch.nn.Module<Tensor, Tensor>("Failing") with
        override _.forward input =
            layer.call input |> ignore
            raise thrown
    }

/// Parts without a trap, each with the recipe that has it.
let private others: (string * Recipe * (exn -> RunOptions -> unit)) list =
    let sampler (thrown: exn) =
        { new Sampler() with
            override _.Pass(_, _) =
                seq {
                    yield! [ 0L .. 11L ]
                    raise thrown
                }
        }

    [
        "Models[\"classifier\"]",
        TrainWithClassifier.recipe,
        (fun thrown options ->
            options.Models.Add(Keys.Classifier, failing thrown (SmallRuns.linear 3L 5L))
            options.LossFuncs.Add(Keys.ClassifierLoss, torch.nn.CrossEntropyLoss()))
        "The order of data (", MetricLossOnly.recipe, (fun thrown options -> options.Sampler <- sampler thrown)
        "The order of data (the sequence of indices)",
        MetricLossOnly.recipe,
        (fun thrown options -> options.Sampler <- AnySampler.Indices(seq { raise thrown }))
        "The order of data (the sequence of batches)",
        MetricLossOnly.recipe,
        (fun thrown options -> options.Sampler <- AnySampler.Batches(seq { raise thrown }))
    ]

let tests =
    testList
        "errors of parts"
        [
            for mishap in places do
                match mishap with
                | Mishap.At place ->
                    let befallen = Subject.all |> List.filter (fun subject -> canBefall subject mishap)
                    LawChecks.lawOf befallen 12 $"{place}" (partsAreNamed place)
                | _ -> ()

            for name, recipe, change in others do
                for isWrapped, make in kinds do
                    testCase $"{name}: {(make ()).GetType().Name}" (fun () ->
                        let thrown = make ()

                        let options =
                            SmallRuns.optionsOf
                                [ Keys.Trunk, SmallRuns.linear RunParts.features 3L ]
                                [ "trunk_optimizer", SmallRuns.adam ]
                                (SmallRuns.data ())

                        change thrown options
                        use session = Session.Start(Setup.prepare recipe options)
                        checkPlace session isWrapped name thrown (raised session))

            testCase "a sample that is none" (fun () ->
                let options =
                    SmallRuns.optionsOf
                        [ Keys.Trunk, SmallRuns.linear RunParts.features 3L ]
                        [ "trunk_optimizer", SmallRuns.adam ]
                        (SmallRuns.data ())

                options.Sampler <- AnySampler.Batches(seq { [| 0L; 99L |] })
                use session = SmallRuns.session options

                Expectations.throws<PartException>
                    "The order of data failed in epoch 1, iteration 1: it asks for sample 99, but the data set has 40 samples, 0 to 39."
                    (fun () -> SmallRuns.step session))
        ]

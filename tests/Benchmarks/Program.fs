module MetricLearning.Benchmarks.Program

open System

let private usage =
    "usage: Benchmarks [iteration|fused|averages|trainers|synthesis|triplets|losses|tiles|neighbours|neighbours-index|loader|pictures|listing|memory|micro-batches|precision|soak|records|allocator|calls|choosing|practice|report|all] [--quick] [--cpu] [--only PART-OF-A-NAME] [--into PAGE]"

[<EntryPoint>]
let main arguments =
    Host.letThreadsSleep ()
    let quick = Array.contains "--quick" arguments


    let clock =
        if Array.contains "--cpu" arguments then
            Clock.Processor
        else
            Clock.Wall

    let valueOf (name: string) =
        match Array.tryFindIndex ((=) name) arguments with
        | Some place when place + 1 < arguments.Length -> Some arguments[place + 1]
        | _ -> None

    let only = valueOf "--only" |> Option.defaultValue ""

    match Array.toList arguments with
    | child :: variant :: _ when child = PeakMemory.childArgument ->
        MemoryBenchmark.variants
        @ TripletBenchmark.variants
        @ NeighbourBenchmark.variants
        @ AllocatorBenchmark.variants
        @ MicroBatchBenchmark.variants
        @ TileBenchmark.variants
        @ PrecisionBenchmark.variants
        |> List.find (fst >> (=) variant)
        |> snd
        |> PeakMemory.child
    | "iteration" :: _ -> IterationBenchmark.run clock quick only
    | "fused" :: _ -> FusedBenchmark.run clock quick only
    | "averages" :: _ -> AverageBenchmark.run clock quick only
    | "trainers" :: _ -> TrainerBenchmark.run clock quick only
    | "synthesis" :: _ -> SynthesisBenchmark.run clock quick
    | "triplets" :: _ -> TripletBenchmark.run clock quick
    | "losses" :: _ -> LossBenchmark.run clock quick only
    | "tiles" :: _ -> TileBenchmark.run clock quick only
    | "neighbours" :: _ -> NeighbourBenchmark.run clock quick
    | "neighbours-index" :: _ -> IndexBenchmark.run quick
    | "loader" :: _ -> LoaderBenchmark.run clock quick
    | "pictures" :: _ -> PictureBenchmark.run clock quick
    | "listing" :: _ -> ListingBenchmark.run quick
    | "memory" :: _ -> MemoryBenchmark.run quick
    | "micro-batches" :: _ -> MicroBatchBenchmark.run clock quick
    | "precision" :: _ -> PrecisionBenchmark.run clock quick
    | "soak" :: _ -> SoakBenchmark.run quick
    | "records" :: _ -> RecordBenchmark.run clock quick
    | "allocator" :: _ -> AllocatorBenchmark.run (if quick then 1 else 3)
    | "calls" :: _ -> CallsBenchmark.run (Array.contains "--names" arguments)
    | "choosing" :: _ -> ChoosingBenchmark.run clock quick only (valueOf "--into")
    | "practice" :: _ -> PracticeBenchmark.run quick only (valueOf "--into")
    | "report" :: _ -> PageReport.run quick only (valueOf "--into" |> Option.defaultValue PageReport.page)
    | []
    | "all" :: _
    | "--quick" :: _ ->
        IterationBenchmark.run clock quick only
        FusedBenchmark.run clock quick ""
        AverageBenchmark.run clock quick only
        TrainerBenchmark.run clock quick ""
        SynthesisBenchmark.run clock quick
        TripletBenchmark.run clock quick
        LossBenchmark.run clock quick ""
        TileBenchmark.run clock quick ""
        NeighbourBenchmark.run clock quick
        LoaderBenchmark.run clock quick
        PictureBenchmark.run clock quick
        ListingBenchmark.run quick
        MemoryBenchmark.run quick
        MicroBatchBenchmark.run clock quick
        PrecisionBenchmark.run clock quick
        SoakBenchmark.run quick
        RecordBenchmark.run clock quick
        AllocatorBenchmark.run (if quick then 1 else 3)
        CallsBenchmark.run false
        ChoosingBenchmark.run clock quick "" None
    | _ -> Console.Error.WriteLine usage

    0

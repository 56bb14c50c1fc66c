namespace MetricLearning.Benchmarks

/// The most memory that a process ever holds while it trains a large network, each variant in a process of its own.
module MemoryBenchmark =

    let private workload (quick: bool) : Workload =
        {
            Name = if quick then "2 M weights" else "20 M weights"
            Network =
                Workload.perceptron (
                    if quick then
                        [ 256; 2048; 700; 64 ]
                    else
                        [ 1024; 4096; 3800; 64 ]
                )
            Sample = [| (if quick then 256L else 1024L) |]
            Iterations = if quick then 2 else 6
            Target = 1.1
        }

    let private byHand (quick: bool) () : unit =
        let workload = workload quick
        let struct (data, labels) = Workload.data workload
        let network = Workload.start workload
        let optimizer = Workload.choices.Head.Torch(network.parameters ())

        use loop =
            HandWritten.ofNetwork network (Workload.loss ()) optimizer data labels Workload.batchSize

        for _ in 1..2 do
            loop.Epoch()

    let private trainer (quick: bool) () : unit =
        let workload = workload quick
        let struct (data, labels) = Workload.data workload
        let network = Workload.start workload

        use trained =
            Trained.ofNetwork network (Workload.loss ()) Workload.choices.Head data labels Workload.batchSize

        for _ in 1..2 do
            trained.Epoch()

    let private name (kind: string) (quick: bool) =
        if quick then kind + "-briefly" else kind

    /// What is done in processes of their own, by name.
    let variants: (string * (unit -> unit)) list =
        [
            for quick in [ true; false ] do
                name "training-by-hand" quick, byHand quick
                name "training" quick, trainer quick
        ]

    /// Both variants, whole processes compared.
    let run (quick: bool) : unit =
        let workload = workload quick
        Report.head "Peak memory of the process, Adam"
        let ours = PeakMemory.ofProcess (name "training" quick)
        let byHand = PeakMemory.ofProcess (name "training-by-hand" quick)

        Report.line
            {
                Name = workload.Name
                Ours = Report.megabytes ours
                Baseline = Report.megabytes byHand
                Ratio = float ours / float byHand
                Spread = None
                Target = Some workload.Target
            }

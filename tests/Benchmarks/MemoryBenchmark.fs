namespace MetricLearning.Benchmarks

open System
open System.Diagnostics
open TorchSharp

/// The most memory that a process ever holds while it trains a large network, each variant in a process of its own.
module MemoryBenchmark =

    /// The argument that makes this program such a process.
    let childArgument = "memory-of"

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

    /// Trains one variant and prints the peak.
    let child (variant: string) (quick: bool) : unit =
        let workload = workload quick
        let struct (data, labels) = Workload.data workload
        let network = Workload.start workload
        let choice = Workload.choices.Head

        if variant = "by-hand" then
            use loop =
                HandWritten.ofNetwork
                    network
                    (Workload.loss ())
                    (choice.Torch(network.parameters ()))
                    data
                    labels
                    Workload.batchSize

            for _ in 1..2 do
                loop.Epoch()
        else
            use trained =
                Trained.ofNetwork network (Workload.loss ()) choice data labels Workload.batchSize

            for _ in 1..2 do
                trained.Epoch()

        printfn "%d" (Host.peakMemory ())

    let private peak (variant: string) (quick: bool) : int64 =
        let arguments =
            [
                typeof<Workload>.Assembly.Location
                childArgument
                variant
                if quick then "--quick" else "--full"
            ]

        use child =
            new Process(StartInfo = ProcessStartInfo("dotnet", arguments, RedirectStandardOutput = true))

        child.Start() |> ignore
        let output = child.StandardOutput.ReadToEnd()
        child.WaitForExit()

        if child.ExitCode <> 0 then
            invalidOp $"The child process for \"{variant}\" ended with exit code {child.ExitCode}."

        Int64.Parse(output.Trim())

    /// Both variants, whole processes compared.
    let run (quick: bool) : unit =
        let workload = workload quick
        Report.head "Peak memory of the process, Adam"
        let ours = peak "trainer" quick
        let byHand = peak "by-hand" quick

        Report.line
            {
                Name = workload.Name
                Ours = Report.megabytes ours
                Baseline = Report.megabytes byHand
                Ratio = float ours / float byHand
                Spread = None
                Target = Some workload.Target
            }

namespace MetricLearning.Benchmarks

open System
open System.Diagnostics
open TorchSharp
open MetricLearning

/// Convolutional networks on the CPU while the C library keeps its memory (`TensorMemory.Keep`), and while it does not; each in
/// processes of its own, by turns.
module AllocatorBenchmark =

    let private block (inputs: int64) (outputs: int64) : torch.nn.Module<torch.Tensor, torch.Tensor> list =
        [
            torch.nn.Conv2d(inputs, outputs, 3L, padding = 1L)
            torch.nn.BatchNorm2d outputs
            torch.nn.ReLU()
            torch.nn.MaxPool2d 2L
        ]

    // The small trunk of the pictures.
    let private network () : torch.nn.Module<torch.Tensor, torch.Tensor> =
        torch.nn.Sequential(
            [|
                for index, layer in
                    List.indexed
                        [
                            yield! block 3L 32L
                            yield! block 32L 64L
                            yield! block 64L 128L
                            yield! block 128L 256L
                            torch.nn.Flatten()
                            torch.nn.Linear(256L * 9L, 128L)
                        ] -> struct (string index, layer)
            |]
        )

    let private size = 48L

    let private train (iterations: int) : float =
        torch.manual_seed 1L |> ignore
        use data = torch.randn (100L, 3L, size, size)
        use labels = torch.randint (10L, [| 100L |])
        use network = network ()
        use loss = new ContrastiveLoss()

        let step () =
            use _ = torch.NewDisposeScope()
            network.zero_grad ()
            loss.Compute(network.call data, labels).backward()

        for _ in 1..3 do
            step ()

        let watch = Stopwatch.StartNew()

        for _ in 1..iterations do
            step ()

        watch.Elapsed.TotalMilliseconds / float iterations

    let private child (keep: bool) () : unit =
        if keep then
            TensorMemory.Keep() |> ignore

        printf "%.1f " (train 20)

    /// What is done in processes of their own, by name.
    let variants =
        [ "allocator-keeps", child true; "allocator-gives-back", child false ]

    /// Three processes of each, best of them; the peak of memory of the largest.
    let run (rounds: int) : unit =
        printfn
            "Forward and backward, 3 x %d x %d, batch 100: ms an iteration, and peak memory of the process"
            size
            size

        let found =
            [
                for _ in 1..rounds do
                    for name, _ in variants do
                        let parts =
                            (PeakMemory.linesOf name).Split(' ', StringSplitOptions.RemoveEmptyEntries)

                        name, float parts[0], int64 parts[1]
            ]

        for name, _ in variants do
            let own = found |> List.filter (fun (other, _, _) -> other = name)
            let times = own |> List.map (fun (_, time, _) -> time)
            let peak = own |> List.map (fun (_, _, peak) -> peak) |> List.max
            let shown = times |> List.map (sprintf "%.1f") |> String.concat ", "
            printfn "%-24s best %.1f (%s) %s" name (List.min times) shown (Report.megabytes peak)

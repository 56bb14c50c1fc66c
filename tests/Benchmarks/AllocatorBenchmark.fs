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

    // The first layer's output is smaller than the 32 MiB from which on glibc always returns a block at once, and larger.
    let private batches = [ 100L; 200L ]

    let private train (batch: int64) (iterations: int) : float =
        torch.manual_seed 1L |> ignore
        use data = torch.randn (batch, 3L, size, size)
        use labels = torch.randint (10L, [| batch |])
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

    let private child (batch: int64) (keep: bool) () : unit =
        if keep then
            TensorMemory.Keep() |> ignore

        printf "%.1f " (train batch 20)

    let private nameOf (batch: int64) (keep: bool) : string =
        $"""allocator-{batch}-{if keep then "keeps" else "gives-back"}"""

    /// What is done in processes of their own, by name.
    let variants =
        [
            for batch in batches do
                for keep in [ true; false ] -> nameOf batch keep, child batch keep
        ]

    /// Three processes of each, best of them; the peak of memory of the largest.
    let run (rounds: int) : unit =
        printfn "Forward and backward, 3 x %d x %d: ms an iteration, and peak memory of the process" size size

        let found =
            [
                for _ in 1..rounds do
                    for name, _ in variants do
                        let parts =
                            (PeakMemory.linesOf name).Split(' ', StringSplitOptions.RemoveEmptyEntries)

                        name, (float parts[0], int64 parts[1])
            ]

        let best (batch: int64) (keep: bool) : float =
            let own =
                [
                    for name, result in found do
                        if name = nameOf batch keep then
                            result
                ]

            let times = List.map fst own
            let shown = times |> List.map (sprintf "%.1f") |> String.concat ", "

            printfn
                "%-24s best %.1f (%s) %s"
                (nameOf batch keep)
                (List.min times)
                shown
                (Report.megabytes (own |> List.map snd |> List.max))

            List.min times

        for batch in batches do
            printfn "ratio %.2f" (best batch true / best batch false)

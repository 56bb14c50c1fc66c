namespace MetricLearning.Benchmarks

open System
open System.Diagnostics
open System.IO
open MetricLearning

/// Listing a folder of many pictures: time, and what the list keeps.
module ListingBenchmark =

    let private perClass = 100

    let private make (folder: string) (classes: int) : unit =
        for number in 0 .. classes - 1 do
            let own = Directory.CreateDirectory(Path.Combine(folder, $"class {number}"))

            for picture in 0 .. perClass - 1 do
                File.WriteAllBytes(Path.Combine(own.FullName, $"{picture}.png"), [| 0uy |])

    /// A thousand classes of a hundred files. No file is read for the list.
    let run (quick: bool) : unit =
        let classes = if quick then 10 else 1000
        let folder = (Directory.CreateTempSubdirectory "listing").FullName

        try
            make folder classes
            let before = GC.GetTotalMemory true

            let listed =
                [
                    for _ in 1..3 do
                        let watch = Stopwatch.StartNew()
                        let set = PictureSet.FromFolder folder
                        watch.Elapsed, set
                ]

            let set = snd listed.Head
            let best = listed |> List.map (fst >> _.TotalSeconds) |> List.min
            let kept = (GC.GetTotalMemory true - before) / int64 listed.Length

            printfn
                "A folder of %d files in %d classes: listed in %.2f s, kept in %s"
                set.Count
                set.Classes.Count
                best
                (Report.megabytes kept)

            GC.KeepAlive listed
        finally
            Directory.Delete(folder, true)

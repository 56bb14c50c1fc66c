/// The sources of the library, for tests that read them.
module MetricLearning.Core.Tests.Support.SourceFiles

open System
open System.IO

let rec private root (folder: DirectoryInfo | null) : string =
    match folder with
    | null -> invalidOp "The tests run outside of the repository."
    | folder when File.Exists(Path.Combine(folder.FullName, "MetricLearning.sln")) -> folder.FullName
    | folder -> root folder.Parent

/// The F# files of a room of the core, such as "Metric/Losses"; all of them for "".
let ofRoom (room: string) : string[] =
    let core =
        Path.Combine(root (DirectoryInfo AppContext.BaseDirectory), "src", "Core.FSharp", room)

    Directory.GetFiles(core, "*.fs", SearchOption.AllDirectories)
    |> Array.filter (fun file -> not (file.Contains $"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}"))

/// Folders for tests to write into.
module MetricLearning.Core.Tests.Support.Folders

open System.IO

/// Does something with an empty folder that is deleted afterwards.
let using (act: string -> 'T) : 'T =
    let folder = Directory.CreateTempSubdirectory("records-").FullName

    try
        act folder
    finally
        Directory.Delete(folder, true)

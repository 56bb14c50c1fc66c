module MetricLearning.Core.Tests.Program

open Expecto

[<Tests>]
let all = testList "core" []

[<EntryPoint>]
let main arguments =
    runTestsWithCLIArgs [] arguments all

module MetricLearning.Core.Tests.Program

open Expecto

[<Tests>]
let all = testList "core" [ Feed.FeedTests.tests; Laws.LawTests.tests ]

[<EntryPoint>]
let main arguments = runTestsWithCLIArgs [] arguments all

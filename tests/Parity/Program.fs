module MetricLearning.Parity.Program

[<EntryPoint>]
let main _ = 0

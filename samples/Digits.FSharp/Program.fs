module Digits.Program

[<EntryPoint>]
let main _ =
    let train, test = Data.load ()
    printfn "%A" (Retrieval.score test.Pictures test.Labels)
    0

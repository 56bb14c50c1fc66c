module Digits.Program

[<EntryPoint>]
let main _ = 0

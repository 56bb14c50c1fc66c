namespace Gpu

open System

/// What was checked on the device, and what was found.
[<Sealed>]
type Checks(device: TorchSharp.torch.Device) =

    let mutable passed = 0
    let failures = ResizeArray<string>()

    let firstLine (error: exn) =
        error.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        |> Array.tryHead
        |> Option.defaultValue ""

    /// The device that is compared with the CPU.
    member _.Device = device

    member _.Passed = passed

    member _.Failures = List.ofSeq failures

    /// Runs a check, which says what is wrong; what it throws is a failure as well.
    member _.Check(name: string, act: unit -> string list) : unit =
        use _ = TorchSharp.torch.NewDisposeScope()

        let wrong =
            try
                act ()
            with error ->
                [ $"{error.GetType().Name}: {firstLine error}" ]

        if wrong.IsEmpty then
            passed <- passed + 1
            printfn "ok    %s" name
        else
            let all = String.Join("; ", wrong)
            failures.Add $"{name}: {all}"
            printfn "WRONG %s: %s" name all

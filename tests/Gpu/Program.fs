module Gpu.Program

open System
open TorchSharp

let private usage =
    "Usage: Gpu [--device cpu|cuda|cuda:N]    Compares the device with the CPU, and runs on it with themselves."

[<EntryPoint>]
let main arguments =
    let chosen =
        match arguments with
        | [||] -> Some(if torch.cuda_is_available () then "cuda" else "cpu")
        | [| "--device"; device |] -> Some device
        | _ -> None

    match chosen with
    | None ->
        eprintfn "%s" usage
        2
    | Some device when device.StartsWith "cuda" && not (torch.TryInitializeDeviceType DeviceType.CUDA) ->
        eprintfn "There is no CUDA here: build with -p:TorchBackend=cuda-linux on a machine with a GPU."
        2
    | Some device ->
        let checks = Checks(torch.device device)

        printfn
            "TorchSharp %O, libtorch %s, device %s"
            (typeof<torch>.Assembly.GetName().Version)
            torch.__version__
            device

        for run in
            [
                Losses.run
                Parts.run
                Evaluations.run
                Optimizers.run
                Precisions.run
                Repeats.run
                Pictures.run
            ] do
            run checks

        for failure in checks.Failures do
            printfn "FAILED %s" failure

        printfn "%d passed, %d failed" checks.Passed checks.Failures.Length
        if checks.Failures.IsEmpty then 0 else 1

namespace MetricLearning

open System
open System.IO
open System.Runtime.InteropServices
open TorchSharp
open type TorchSharp.torch

/// The switch of libtorch that lets it rewrite the graphs of scripts while they run: per thread, in functions that TorchSharp does
/// not wrap.
module private GraphRewriting =

    [<DllImport("torch_cpu", EntryPoint = "_ZN5torch3jit24getGraphExecutorOptimizeEv")>]
    extern [<return: MarshalAs(UnmanagedType.U1)>] bool private getElsewhere()

    [<DllImport("torch_cpu", EntryPoint = "_ZN5torch3jit24setGraphExecutorOptimizeEb")>]
    extern void private setElsewhere([<MarshalAs(UnmanagedType.U1)>] bool wanted)

    [<DllImport("torch_cpu", EntryPoint = "?getGraphExecutorOptimize@jit@torch@@YA_NXZ")>]
    extern [<return: MarshalAs(UnmanagedType.U1)>] bool private getOnWindows()

    [<DllImport("torch_cpu", EntryPoint = "?setGraphExecutorOptimize@jit@torch@@YAX_N@Z")>]
    extern void private setOnWindows([<MarshalAs(UnmanagedType.U1)>] bool wanted)

    let private set (wanted: bool) : unit =
        if OperatingSystem.IsWindows() then
            setOnWindows wanted
        else
            setElsewhere wanted

    /// The switch's position; None if this libtorch lacks it.
    let current () : bool option =
        try
            Some(
                if OperatingSystem.IsWindows() then
                    getOnWindows ()
                else
                    getElsewhere ()
            )
        with
        | :? EntryPointNotFoundException
        | :? DllNotFoundException -> None

    /// Acts with the switch off.
    let without (act: unit -> 'Result) : 'Result =
        match current () with
        | Some true ->
            set false

            try
                act ()
            finally
                set true
        | _ -> act ()

/// Modules that PyTorch saved with their program, by `torch.jit.save`.
module internal TorchScript =

    // libtorch's messages go on with its stack, frame by frame.
    let private firstLine (message: string) : string =
        message.Split('\n')
        |> Array.map _.Trim()
        |> Array.tryFind (fun line -> line <> "")
        |> Option.defaultValue message

    /// True if scripts run as they were written.
    let isExact: bool = (GraphRewriting.current ()).IsSome

    /// Loads a script, onto the CPU or another device. It is a program: load only what you trust.
    /// Raises InvalidDataException when libtorch cannot load it; FileNotFoundException when there is no such file.
    let load (path: string) (device: Device | null) : jit.ScriptModule<Tensor, Tensor> =
        if not (File.Exists path) then
            raise (FileNotFoundException($"There is no file \"{path}\".", path))

        let target =
            match device with
            | null -> CPU
            | device -> device

        try
            jit.load<Tensor, Tensor>(path, target)
        with :? ExternalException as error ->
            raise (
                InvalidDataException(
                    $"\"{path}\" cannot be loaded as a TorchScript module: {firstLine error.Message} (Weights alone, from torch.save(model.state_dict(), path), are loaded into a module of the same shape with PretrainedWeights.Load.)",
                    error
                )
            )

    /// One call of a script, run as it was written.
    let call (script: jit.ScriptModule<Tensor, Tensor>) (input: Tensor) : Tensor =
        GraphRewriting.without (fun () ->
            try
                script.call input
            with :? InvalidCastException as error ->
                raise (
                    InvalidOperationException(
                        "The script's forward returned something else than one tensor (a tuple or a list, as networks with auxiliary outputs do). Script a module in Python whose forward returns the embedding alone.",
                        error
                    )
                ))

namespace MetricLearning.Core

open System
open TorchSharp

type private AskDevice = delegate of sbyte -> sbyte

type private TellDevice = delegate of sbyte * sbyte -> unit

type private Ask = delegate of unit -> byte

type private Tell = delegate of byte -> unit

/// Autocast of the layers that run on one kind of device.
[<Struct>]
type internal DeviceAutocast =
    {
        /// Layers compute with numbers of the type.
        IsOn: bool
        /// The type, as libtorch numbers it.
        Type: sbyte
    }

/// libtorch's autocast, which each thread has for itself.
[<Struct>]
type internal LibtorchAutocast =
    {
        /// On the CPU.
        Cpu: DeviceAutocast
        /// On CUDA.
        Cuda: DeviceAutocast
        /// Weights that were rounded are kept until they are cleared. All threads have one such store.
        KeepsWeights: bool
    }

/// Reading and changing it.
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal LibtorchAutocast =

    [<NoEquality; NoComparison>]
    type private Functions =
        {
            Enabled: AskDevice
            SetEnabled: TellDevice
            Dtype: AskDevice
            SetDtype: TellDevice
            Keeps: Ask
            SetKeeps: Tell
        }

    let private ofDevice (name: string) : AskDevice voption =
        let result =
            if name.StartsWith("is", StringComparison.Ordinal) then
                "_NW4DeviceType@c10@@"
            else
                "?AW4ScalarType@c10@@W4DeviceType@4@"

        LibtorchExports.find
            $"?{name}@autocast@at@@YA{result}@Z"
            $"_ZN2at8autocast{name.Length}{name}EN3c1010DeviceTypeE"

    let private functions =
        lazy
            (let enabled = ofDevice "is_autocast_enabled"
             let dtype = ofDevice "get_autocast_dtype"

             let setEnabled: TellDevice voption =
                 LibtorchExports.find
                     "?set_autocast_enabled@autocast@at@@YAXW4DeviceType@c10@@_N@Z"
                     "_ZN2at8autocast20set_autocast_enabledEN3c1010DeviceTypeEb"

             let setDtype: TellDevice voption =
                 LibtorchExports.find
                     "?set_autocast_dtype@autocast@at@@YAXW4DeviceType@c10@@W4ScalarType@4@@Z"
                     "_ZN2at8autocast18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE"

             let keeps: Ask voption =
                 LibtorchExports.find
                     "?is_autocast_cache_enabled@autocast@at@@YA_NXZ"
                     "_ZN2at8autocast25is_autocast_cache_enabledEv"

             let setKeeps: Tell voption =
                 LibtorchExports.find
                     "?set_autocast_cache_enabled@autocast@at@@YAX_N@Z"
                     "_ZN2at8autocast26set_autocast_cache_enabledEb"

             match enabled, setEnabled, dtype, setDtype, keeps, setKeeps with
             | ValueSome enabled,
               ValueSome setEnabled,
               ValueSome dtype,
               ValueSome setDtype,
               ValueSome keeps,
               ValueSome setKeeps ->
                 ValueSome
                     {
                         Enabled = enabled
                         SetEnabled = setEnabled
                         Dtype = dtype
                         SetDtype = setDtype
                         Keeps = keeps
                         SetKeeps = setKeeps
                     }
             | _ -> ValueNone)

    let private number (device: DeviceType) : sbyte = Convert.ToSByte(int device)

    /// True if this libtorch has it.
    let isThere () : bool = functions.Value.IsSome

    let private ofKind (functions: Functions) (device: DeviceType) : DeviceAutocast =
        {
            IsOn = functions.Enabled.Invoke(number device) <> 0y
            Type = functions.Dtype.Invoke(number device)
        }

    /// Its setting on this thread at the moment; None if this libtorch lacks it.
    let current () : LibtorchAutocast voption =
        match functions.Value with
        | ValueSome functions ->
            ValueSome
                {
                    Cpu = ofKind functions DeviceType.CPU
                    Cuda = ofKind functions DeviceType.CUDA
                    KeepsWeights = functions.Keeps.Invoke() <> 0uy
                }
        | ValueNone -> ValueNone

    let private tell (functions: Functions) (device: DeviceType) (wanted: DeviceAutocast) : unit =
        functions.SetDtype.Invoke(number device, wanted.Type)
        functions.SetEnabled.Invoke(number device, (if wanted.IsOn then 1y else 0y))

    /// Changes what it does on this thread. Without effect if this libtorch lacks it.
    let choose (wanted: LibtorchAutocast) : unit =
        match functions.Value with
        | ValueSome functions ->
            tell functions DeviceType.CPU wanted.Cpu
            tell functions DeviceType.CUDA wanted.Cuda
            functions.SetKeeps.Invoke(if wanted.KeepsWeights then 1uy else 0uy)
        | ValueNone -> ()

    /// Layers compute with numbers of this type. Weights that were rounded are not kept: the store is one for all threads, and another
    /// one of them may clear it between two uses of a weight, whose gradients would then be added in another order.
    let rounding (dtype: torch.ScalarType) : LibtorchAutocast =
        let on =
            {
                IsOn = true
                Type = Convert.ToSByte(int dtype)
            }

        {
            Cpu = on
            Cuda = on
            KeepsWeights = false
        }

    /// Layers compute with the numbers of their weights.
    let off: LibtorchAutocast =
        let off =
            {
                IsOn = false
                Type = Convert.ToSByte(int torch.ScalarType.BFloat16)
            }

        {
            Cpu = off
            Cuda = off
            KeepsWeights = false
        }

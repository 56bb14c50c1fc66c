// What every script here starts from: the built library, libtorch by full path (so that a libtorch elsewhere on the
// machine is never the one that loads), and the digits. Build first: dotnet build -c Release samples/Digits.FSharp
#I "../Digits.FSharp/bin/Release/net10.0"
#r "TorchSharp.dll"
#r "MetricLearning.Core.dll"
#r "Digits.FSharp.dll"

open System.IO
open System.Runtime.InteropServices
open TorchSharp

let private built =
    Path.Combine(__SOURCE_DIRECTORY__, "../Digits.FSharp/bin/Release/net10.0")

// Elsewhere than on Linux the libraries lie where .NET finds them by itself.
if RuntimeInformation.IsOSPlatform OSPlatform.Linux then
    let native = Path.Combine(built, "runtimes/linux-x64/native")

    for library in [ "libc10.so"; "libtorch_cpu.so"; "libtorch.so"; "libLibTorchSharp.so" ] do
        NativeLibrary.Load(Path.Combine(native, library)) |> ignore

torch.set_num_threads 1

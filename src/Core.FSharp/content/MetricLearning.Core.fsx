// F# Interactive runs this when a script says #r "nuget: MetricLearning.Core". It loads libtorch by full path, so that a
// libtorch elsewhere on the machine is never the one that loads, and mends what buildTransitive mends for programs:
// TorchSharp's native library asks for GLIBCXX_3.4.32 for a symbol that nothing in it uses; a copy has that need marked weak.
open System
open System.IO
open System.Runtime.InteropServices
open System.Text

// ELF64, little-endian. In .gnu.version_r each needed file (Verneed) heads a chain of needed versions (Vernaux).
let private markedWeak (version: string) (image: byte[]) : byte[] =
    let half at = int (BitConverter.ToUInt16(image, at))
    let word at = int (BitConverter.ToUInt32(image, at))

    let header index =
        int (BitConverter.ToInt64(image, 0x28)) + index * half 0x3A

    let offset header =
        int (BitConverter.ToInt64(image, header + 24))

    let rec chain next at count =
        [
            if count > 0 then
                yield at
                yield! chain next (at + word (at + next)) (count - 1)
        ]

    for section in
        Seq.init (half 0x3C) header
        |> Seq.filter (fun section -> word (section + 4) = 0x6ffffffe) do
        let names = offset (header (word (section + 40)))

        for file in chain 12 (offset section) (word (section + 44)) do
            for need in chain 12 (file + word (file + 8)) (half (file + 2)) do
                if Encoding.ASCII.GetString(image, names + word (need + 8), version.Length + 1) = version + "\000" then
                    image[need + 4] <- image[need + 4] ||| 2uy

    image

let private torchSharp =
    Path.GetFullPath(Path.Combine(typeof<TorchSharp.torch>.Assembly.Location, "../../../"))

let private native package =
    Path.Combine(package, "runtimes/linux-x64/native")

if OperatingSystem.IsLinux() then
    let libtorch =
        native (Path.Combine(torchSharp, "../..", "libtorch-cpu-linux-x64/2.10.0"))

    // A script that brings another backend loads that by itself.
    if Directory.Exists libtorch then
        for library in [ "libc10.so"; "libtorch_cpu.so"; "libtorch.so" ] do
            NativeLibrary.Load(Path.Combine(libtorch, library)) |> ignore

        let library = Path.Combine(native torchSharp, "libLibTorchSharp.so")

        match NativeLibrary.TryLoad library with
        | true, _ -> ()
        | _ ->
            let folder = Directory.CreateTempSubdirectory "metriclearning-"
            let marked = Path.Combine(folder.FullName, "libLibTorchSharp.so")
            File.WriteAllBytes(marked, markedWeak "GLIBCXX_3.4.32" (File.ReadAllBytes library))
            NativeLibrary.Load marked |> ignore
            folder.Delete true

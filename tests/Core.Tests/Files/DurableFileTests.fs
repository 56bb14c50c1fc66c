module MetricLearning.Core.Tests.Files.DurableFileTests

open System
open System.IO
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Places

let private old = "old"B

let private write (path: string) (content: byte[]) =
    DurableFile.Write(path, fun stream -> stream.Write(content, 0, content.Length))

let private isUntouched (path: string) =
    Expect.equal (File.ReadAllBytes path) old "the old file"
    Expect.equal (Directory.GetFiles(Path.GetDirectoryName path |> nonNull)) [| path |] "no other file"

let tests =
    testList
        "files that are replaced as a whole"
        [
            testCase "a new one, in folders that were not there" (fun () ->
                withFolder (fun folder ->
                    let path = Path.Combine(folder, "a", "b", "c")
                    write path "new"B
                    Expect.equal (File.ReadAllBytes path) "new"B "its content"
                    Expect.equal (Directory.GetFiles(Path.Combine(folder, "a", "b"))) [| path |] "alone"))

            testCase "another content, longer or shorter" (fun () ->
                withPath (fun path ->
                    for content in [ old; "something longer"B; "x"B; ""B ] do
                        write path content
                        Expect.equal (File.ReadAllBytes path) content "its content"))

            for length in [ 0; 1; 100; 65_535; 65_536; 65_537; 200_000 ] do
                testCase $"a failure after {length} bytes leaves the old one, and nothing else" (fun () ->
                    withPath (fun path ->
                        write path old

                        Expect.throwsT<InvalidTimeZoneException>
                            (fun () ->
                                DurableFile.Write(
                                    path,
                                    fun stream ->
                                        stream.Write(Array.zeroCreate<byte> length, 0, length)
                                        raise (InvalidTimeZoneException())
                                ))
                            "what the writer raised"

                        isUntouched path))

            testCase "a file that cannot be renamed leaves no temporary one" (fun () ->
                withFolder (fun folder ->
                    let path = Path.Combine(folder, "taken")
                    Directory.CreateDirectory(Path.Combine(path, "inside")) |> ignore
                    Expect.throws (fun () -> write path "new"B) "a folder is in the way"
                    Expect.isEmpty (Directory.GetFiles folder) "files"))

            testCase "what a killed writer left is replaced" (fun () ->
                withPath (fun path ->
                    write path old
                    File.WriteAllBytes(path + ".tmp", "half of something longer than the new content"B)
                    write path "new"B
                    Expect.equal (File.ReadAllBytes path) "new"B "its content"
                    Expect.isFalse (File.Exists(path + ".tmp")) "the temporary file"))

            testCase "a second writer is refused while the first is at it" (fun () ->
                withPath (fun path ->
                    DurableFile.Write(
                        path,
                        fun stream ->
                            Expect.throwsT<IOException> (fun () -> write path "second"B) "the second"
                            stream.Write("first"B, 0, 5)
                    )

                    Expect.equal (File.ReadAllBytes path) "first"B "the first"))

            testCase "who reads the old one goes on reading it" (fun () ->
                withPath (fun path ->
                    write path old

                    use reader =
                        new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read ||| FileShare.Delete)

                    write path "new"B
                    let content = Array.zeroCreate<byte> 3
                    reader.ReadExactly(content, 0, 3)
                    Expect.equal content old "the old content"))
        ]

module MetricLearning.Core.Tests.State.TensorMemoryTests

open System
open System.IO
open Expecto
open MetricLearning

let tests =
    testList
        "memory of tensors"
        [
            test "is kept where the C library is glibc, and nowhere else" {
                let isGlibc =
                    OperatingSystem.IsLinux()
                    && File.ReadAllText("/proc/self/maps").Contains("libc.so.6", StringComparison.Ordinal)

                Expect.equal (TensorMemory.Keep()) isGlibc "kept"
                Expect.equal (TensorMemory.Keep()) isGlibc "again"
            }
        ]

module MetricLearning.Core.Tests.Data.Pictures.SplitTests

open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.PictureFolders

let tests =
    testList
        "splits of pictures"
        [
            testPropertyWithConfig Checked.config "splits divide: by class no class is in both, by sample every class"
            <| fun (PositiveInt classes) (PositiveInt each) (number: int64) ->
                let classes, each = 2 + classes % 9, 2 + each % 6
                let seed = Seed.ofInt64 number

                Folders.using (fun folder ->
                    let set = made classes each folder

                    for fraction in [ 0.01; 0.5; 0.9 ] do
                        for split in [ set.SplitByClass; set.SplitBySample ] do
                            let struct (one, other) = split (fraction, seed)
                            let struct (same, _) = split (fraction, seed)
                            Expect.equal (paths one) (paths same) "a function of the seed"
                            Expect.equal (List.sort (paths one @ paths other)) (paths set) "divided"

                        let struct (one, other) = set.SplitByClass(fraction, seed)
                        let inBoth = Set.intersect (Set one.Labels) (Set other.Labels)
                        Expect.isEmpty inBoth "by class"
                        Expect.isTrue (one.Count > 0 && other.Count > 0) "by class"
                        let struct (one, other) = set.SplitBySample(fraction, seed)
                        Expect.equal (Set one.Labels) (Set set.Labels) "by sample"
                        Expect.equal (Set other.Labels) (Set set.Labels) "by sample"

                        for _, members in Array.countBy id one.Labels do
                            Expect.isLessThanOrEqual (abs (float members - fraction * float each)) 1.0 "stratified")
        ]

/// How laws are stated: over every subject and generated settings, and, with a mechanism off, that they fail.
module MetricLearning.Core.Tests.Support.LawChecks

open Expecto
open FsCheck
open FsCheck.FSharp

// The machinery below the trainers is one, so the cases are spread over them: the first has the most.
let private share (count: int) (subject: Subject) =
    if subject.Name = Subject.metricLossOnly.Name then
        count
    else
        max 2 (count / 5)

/// A law for these subjects, over generated settings and a number: so many for the first trainer, fewer for each other.
let lawOf (subjects: Subject list) (count: int) (name: string) (holds: Subject -> Settings -> int -> unit) : Test =
    testList
        name
        [
            for subject in subjects do
                testPropertyWithConfig (Checked.times (share count subject) $"{name}, {subject.Name}") subject.Name
                <| Prop.forAll
                    (Arb.zip (Settings.arb, Arb.fromGen (Gen.choose (0, 1_000_000))))
                    (fun (settings, number) -> holds subject settings number)
        ]

/// A law for every subject, over generated settings and a number.
let law (count: int) (name: string) (holds: Subject -> Settings -> int -> unit) : Test =
    lawOf Subject.all count name holds

/// A law for every subject with the settings as they are.
let lawAt (settings: Settings) (name: string) (holds: Subject -> Settings -> unit) : Test =
    testList
        name
        [
            for subject in Subject.all do
                testCase subject.Name (fun () -> holds subject settings)
        ]

/// The law fails: its test sees what it is there to see.
let isFalsified (name: string) (law: unit -> unit) : Test =
    testCase $"seen to fail: {name}" (fun () ->
        let held =
            try
                law ()
                true
            with :? AssertException ->
                false

        Expect.isFalse held "the law should not hold with this mechanism off")

/// A pure property, thousands of times.
let pure' (name: string) (property: 'Property) : Test =
    testPropertyWithConfig (Checked.times 2000 name) name property

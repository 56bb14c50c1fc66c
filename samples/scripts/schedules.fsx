// The curve of every schedule, as the picture in docs/schedules.md.
//     dotnet fsi samples/scripts/schedules.fsx
#load "setup.fsx"

open System
open System.Globalization
open System.IO
open System.Text
open MetricLearning

let steps = 60

/// Each with the initial number that it moves.
let curves =
    [
        "Step(20, 0.5)", 1.0, Schedule.Step(20L, 0.5)
        "MultiStep([10, 40], 0.5)", 1.0, Schedule.MultiStep([ 10L; 40L ], 0.5)
        "Exponential(0.96)", 1.0, Schedule.Exponential 0.96
        "CosineAnnealing(60)", 1.0, Schedule.CosineAnnealing 60L
        "CosineAnnealingWarmRestarts(10, 2)", 1.0, Schedule.CosineAnnealingWarmRestarts(10L, 2L)
        "Linear(0.1, totalIters: 20)", 1.0, Schedule.Linear(0.1, totalIters = 20L)
        "Polynomial(60, power: 2)", 1.0, Schedule.Polynomial(60L, power = 2.0)
        "OneCycle(1, 60)", 1.0, Schedule.OneCycle(1.0, 60L)
        "OneCycle(1, 60, threePhase: true)", 1.0, Schedule.OneCycle(1.0, 60L, threePhase = true)
        "OneCycleMomentum(60)", 0.9, Schedule.OneCycleMomentum 60L
        "Linear(0.1, totalIters: 10).Then(CosineAnnealing(50))",
        1.0,
        Schedule.Linear(0.1, totalIters = 10L).Then(Schedule.CosineAnnealing 50L)
        "CosineAnnealing(60).ChainedWith(Step(15, 0.7))",
        1.0,
        Schedule.CosineAnnealing(60L).ChainedWith(Schedule.Step(15L, 0.7))
    ]

let width, height, columns = 300.0, 120.0, 3

let number (value: float) =
    value.ToString("0.#", CultureInfo.InvariantCulture)

let picture = StringBuilder()

let line (text: string) =
    picture.Append(text).Append('\n') |> ignore

let rows = (curves.Length + columns - 1) / columns

line
    $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number (float columns * (width + 20.0))} {number (float rows * (height + 50.0))}" font-family="sans-serif" font-size="11">"""

line """<rect width="100%" height="100%" fill="white"/>"""

for index, (name, initial, schedule) in List.indexed curves do
    let left = 10.0 + float (index % columns) * (width + 20.0)
    let top = 30.0 + float (index / columns) * (height + 50.0)
    let place step = left + width * float step / float steps
    let level value = top + height * (1.0 - value)

    let points =
        [
            for step in 0..steps -> $"{number (place step)},{number (level (schedule.RateAfter(initial, int64 step)))}"
        ]
        |> String.concat " "

    line $"""<text x="{number left}" y="{number (top - 8.0)}" fill="#222">{name}</text>"""

    line
        $"""<path d="M{number left} {number top}V{number (top + height)}H{number (left + width)}" fill="none" stroke="#bbb"/>"""

    line $"""<polyline points="{points}" fill="none" stroke="#1864ab" stroke-width="2"/>"""

line "</svg>"

File.WriteAllText(Path.Combine(__SOURCE_DIRECTORY__, "../../docs/schedules.svg"), picture.ToString())
printfn "%d curves in docs/schedules.svg" curves.Length

namespace MetricLearning

open System

/// One line of a chart: places with their values, of which those that are not finite are left out.
type internal ChartLine =
    {
        Name: string
        Points: struct (float * float)[]
    }

/// Lines over an axis, as SVG.
module internal LineChart =

    let private width, height, left, bottom = 720.0, 240.0, 56.0, 28.0

    // Thousands of iterations have more points than the picture has pixels: means of neighbours, in the same places.
    let private most = 400

    let private thinned (points: struct (float * float)[]) : struct (float * float)[] =
        if points.Length <= most then
            points
        else
            points
            |> Array.splitInto most
            |> Array.map (fun part ->
                struct (part |> Array.averageBy (fun (struct (x, _)) -> x),
                        part |> Array.averageBy (fun (struct (_, y)) -> y)))

    let private finite (line: ChartLine) =
        { line with
            Points = line.Points |> Array.filter (fun (struct (_, y)) -> Double.IsFinite y)
        }

    /// The chart of the lines that have points; empty without any.
    let svg (title: string) (axis: string) (lines: ChartLine list) : string =
        let lines =
            lines |> List.map finite |> List.filter (fun line -> line.Points.Length > 0)

        let points = lines |> List.collect (fun line -> List.ofArray line.Points)

        if points.IsEmpty then
            ""
        else
            let xs, ys =
                points |> List.map (fun (struct (x, _)) -> x), points |> List.map (fun (struct (_, y)) -> y)

            let first, last = List.min xs, List.max xs
            let low, high = min 0.0 (List.min ys), List.max ys
            let high = if high > low then high else low + 1.0

            let x value =
                left
                + (width - left)
                  * (if last > first then
                         (value - first) / (last - first)
                     else
                         0.5)

            let y value =
                (height - bottom) * (1.0 - (value - low) / (high - low)) + 8.0

            let path (line: ChartLine) =
                thinned line.Points
                |> Array.map (fun (struct (at, value)) -> $"{Html.place (x at)},{Html.place (y value)}")
                |> String.concat " "

            let levels =
                [
                    for tick in Html.ticks low high ->
                        $"""<path class="grid" d="M{Html.place left} {Html.place (y tick)}H{Html.place width}"/><text x="{Html.place (left - 6.0)}" y="{Html.place (y tick + 4.0)}" text-anchor="end">{Html.number tick}</text>"""
                ]

            let marks =
                [
                    for tick in Html.ticks first last ->
                        $"""<text x="{Html.place (x tick)}" y="{Html.place (height - 6.0)}" text-anchor="middle">{Html.number tick}</text>"""
                ]

            let drawn =
                lines
                |> List.mapi (fun index line ->
                    match line.Points with
                    | [| struct (at, value) |] ->
                        $"""<circle cx="{Html.place (x at)}" cy="{Html.place (y value)}" r="4" fill="{Html.colour index}"/>"""
                    | _ ->
                        $"""<polyline points="{path line}" fill="none" stroke="{Html.colour index}" stroke-width="2" stroke-linejoin="round"/>""")

            let legend =
                lines
                |> List.mapi (fun index line ->
                    let struct (_, value) = Array.last line.Points
                    $"""<span><i style="background:{Html.colour index}"></i>{Html.text line.Name} <b>{Html.number value}</b></span>""")

            let words =
                String.Join(
                    ", ",
                    [
                        for line in lines ->
                            let struct (_, value) = Array.last line.Points in $"{line.Name} {Html.number value}"
                    ]
                )

            $"""<figure>
<figcaption>{Html.text title}</figcaption>
<svg viewBox="0 0 {Html.place (width + 12.0)} {Html.place (height + 4.0)}" role="img" aria-label="{Html.text title} by {Html.text axis}; at the end: {Html.text words}">
{String.Concat levels}{String.Concat marks}{String.Concat drawn}
</svg>
<p class="legend">{String.Concat legend}<span class="axis">by {Html.text axis}</span></p>
</figure>
"""

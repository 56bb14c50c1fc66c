namespace MetricLearning

open System

/// One line of a chart: places with their values, of which those that are not finite are left out.
type internal ChartLine =
    {
        Name: string
        Points: struct (float * float)[]
    }

/// The scale of an axis.
[<RequireQualifiedAccess>]
type internal ChartScale =
    | Linear
    /// Of places above 0: equal factors are equally far apart.
    | Logarithmic

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

    // Powers of ten, some six of them at most.
    let private powers (first: float) (last: float) : float list =
        let low, high = ceil (log10 first - 1e-9), floor (log10 last + 1e-9)
        let step = max 1.0 (ceil ((high - low) / 6.0))

        if high < low then
            [ first; last ]
        else
            [ for power in low..step..high -> Math.Pow(10.0, power) ]

    // What is inside of the picture; `marks`: names of places on the axis.
    let private inside (scale: ChartScale) (marks: struct (string * float) list) (lines: ChartLine list) : string =
        let points = lines |> List.collect (fun line -> List.ofArray line.Points)

        let xs, ys =
            points |> List.map (fun (struct (x, _)) -> x), points |> List.map (fun (struct (_, y)) -> y)

        let first, last = List.min xs, List.max xs
        let low, high = min 0.0 (List.min ys), List.max ys
        let high = if high > low then high else low + 1.0

        let along value =
            match scale with
            | ChartScale.Linear -> (value - first) / (last - first)
            | ChartScale.Logarithmic -> log (value / first) / log (last / first)

        let x value =
            left + (width - left) * (if last > first then along value else 0.5)

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

        let ticks =
            match scale with
            | ChartScale.Linear -> Html.ticks first last
            | ChartScale.Logarithmic -> powers first last

        let places =
            [
                for tick in ticks ->
                    $"""<text x="{Html.place (x tick)}" y="{Html.place (height - 6.0)}" text-anchor="middle">{Html.number tick}</text>"""
            ]

        let marked =
            [
                for struct (name, at) in marks ->
                    $"""<path class="mark" d="M{Html.place (x at)} 8V{Html.place (y low)}"/><text x="{Html.place (x at + 4.0)}" y="18">{Html.text name} {Html.number at}</text>"""
            ]

        let drawn =
            lines
            |> List.mapi (fun index line ->
                match line.Points with
                | [| struct (at, value) |] ->
                    $"""<circle cx="{Html.place (x at)}" cy="{Html.place (y value)}" r="4" fill="{Html.colour index}"/>"""
                | _ ->
                    $"""<polyline points="{path line}" fill="none" stroke="{Html.colour index}" stroke-width="2" stroke-linejoin="round"/>""")

        String.Concat [ yield! levels; yield! places; yield! marked; yield! drawn ]

    let private drawable (lines: ChartLine list) =
        lines |> List.map finite |> List.filter (fun line -> line.Points.Length > 0)

    let private said (title: string) (axis: string) (lines: ChartLine list) : string =
        let words =
            [
                for line in lines ->
                    let struct (_, value) = Array.last line.Points in $"{line.Name} {Html.number value}"
            ]

        let words = String.Join(", ", words)
        $"{Html.text title} by {Html.text axis}; at the end: {Html.text words}"

    /// The chart of the lines that have points; empty without any.
    let svg (title: string) (axis: string) (lines: ChartLine list) : string =
        match drawable lines with
        | [] -> ""
        | lines ->
            let legend =
                lines
                |> List.mapi (fun index line ->
                    let struct (_, value) = Array.last line.Points
                    $"""<span><i style="background:{Html.colour index}"></i>{Html.text line.Name} <b>{Html.number value}</b></span>""")

            $"""<figure>
<figcaption>{Html.text title}</figcaption>
<svg viewBox="0 0 {Html.place (width + 12.0)} {Html.place (height + 4.0)}" role="img" aria-label="{said title axis lines}">
{inside ChartScale.Linear [] lines}
</svg>
<p class="legend">{String.Concat legend}<span class="axis">by {Html.text axis}</span></p>
</figure>
"""

    /// The same as a file of its own, with names of places on the axis.
    let file (scale: ChartScale) (title: string) (axis: string) marks (lines: ChartLine list) : string =
        let lines = drawable lines

        let legend =
            lines
            |> List.mapi (fun index line ->
                $"""<text x="{Html.place (left + 90.0 * float index)}" y="{Html.place (height + 20.0)}" style="fill:{Html.colour index}">{Html.text line.Name}</text>""")

        let words =
            if lines.IsEmpty then
                Html.text title
            else
                said title axis lines

        $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Html.place (width + 12.0)} {Html.place (height + 28.0)}" role="img" aria-label="{words}">
<style>svg {{ background: #fff; }} text {{ font: 11px system-ui, sans-serif; fill: #62676d; }} .grid {{ stroke: #dfe2e5; }} .mark {{ stroke: #62676d; stroke-dasharray: 3 3; }}</style>
{if lines.IsEmpty then "" else inside scale marks lines}
{String.Concat legend}<text x="{Html.place width}" y="{Html.place (height + 20.0)}" text-anchor="end">{Html.text axis}</text>
</svg>
"""

namespace MetricLearning

open System
open System.Globalization
open System.Net

/// Text and numbers in HTML and SVG.
module internal Html =

    /// Text as it is meant, whatever signs it has.
    let text (given: string) : string = nonNull (WebUtility.HtmlEncode given)

    /// A coordinate: a tenth of a unit is less than anyone sees.
    let place (value: float) : string =
        value.ToString("0.#", CultureInfo.InvariantCulture)

    /// A number to read.
    let number (value: float) : string =
        value.ToString(
            (if abs value >= 1e5 || value <> 0.0 && abs value < 1e-3 then
                 "0.###e0"
             else
                 "0.####"),
            CultureInfo.InvariantCulture
        )

    /// The colour of a class among so many: hues far apart for the first, and none that is hard to see on white or black.
    let colour (index: int) : string =
        let hue = float index * 137.508 % 360.0
        $"hsl({place hue} 65%% 45%%)"

    let private steps = [ 1.0; 2.0; 2.5; 5.0; 10.0 ]

    /// Some five round numbers that cover the range from `low` to `high`.
    let ticks (low: float) (high: float) : float list =
        let rough = (high - low) / 5.0

        if not (Double.IsFinite rough) || rough <= 0.0 then
            [ low ]
        else
            let power = Math.Pow(10.0, floor (log10 rough))

            let step =
                steps
                |> List.map ((*) power)
                |> List.find (fun step -> step >= rough * 0.999999)

            [
                for count in ceil (low / step - 1e-9) .. floor (high / step + 1e-9) -> count * step
            ]

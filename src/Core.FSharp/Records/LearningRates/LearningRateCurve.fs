namespace MetricLearning

open System
open System.Collections.Generic
open System.Globalization
open System.IO
open System.Text
open MetricLearning.Core

/// One iteration of a search for a learning rate.
[<Struct; NoComparison>]
type LearningRatePoint =
    {
        /// The learning rate.
        Rate: float
        /// The weighted sum of all losses, before the step at that rate.
        Loss: float
        /// The mean of the losses around it, nearer ones counting more.
        Smoothed: float
    }

/// The losses of a run at rising learning rates, and the rates that they suggest.
[<Sealed>]
type LearningRateCurve internal (points: LearningRatePoint[], hasDiverged: bool, optimizers: string[]) =

    // The means at both ends are those of one side.
    let inner = [ 1 .. points.Length - 2 ]

    let lowest =
        inner |> List.sortBy (fun index -> points[index].Smoothed) |> List.tryHead

    // The fall of the loss by the factor of the rate.
    let slope index =
        (points[index + 1].Smoothed - points[index - 1].Smoothed)
        / Math.Log(points[index + 1].Rate / points[index - 1].Rate)

    let steepest =
        match lowest with
        | None -> None
        | Some lowest ->
            inner
            |> List.filter (fun index -> index <= lowest && slope index < 0.0)
            |> List.sortBy slope
            |> List.tryHead

    let rateAt factor (index: int option) : Nullable<float> =
        match index with
        | Some index -> Nullable(factor * points[index].Rate)
        | None -> Nullable()

    let line name (value: LearningRatePoint -> float) : ChartLine =
        {
            Name = name
            Points = [| for point in points -> struct (point.Rate, value point) |]
        }

    /// One for each iteration, at rising rates.
    member _.Points: IReadOnlyList<LearningRatePoint> = points

    /// The keys of the optimizers whose rates rose.
    member _.Optimizers: IReadOnlyList<string> = optimizers

    /// True if the loss rose too far, or was not finite, before the last rate.
    member _.HasDiverged: bool = hasDiverged

    /// The rate at which the smoothed loss falls fastest, by the factor of the rate: a good rate to train with. Null when it does not
    /// fall.
    member _.Suggestion: Nullable<float> = rateAt 1.0 steepest

    /// A tenth of the rate with the smallest smoothed loss, the other usual choice. Null when the loss does not fall.
    member _.TenthOfLowest: Nullable<float> =
        match steepest with
        | None -> Nullable()
        | Some _ -> rateAt 0.1 lowest

    /// The picture of the curve, with the suggestion marked, as a file of its own: SVG.
    member curve.ToSvg() : string =
        let marks =
            [
                if curve.Suggestion.HasValue then
                    struct ("suggestion", curve.Suggestion.Value)
            ]

        LineChart.file
            ChartScale.Logarithmic
            "Loss"
            "learning rate"
            marks
            [ line "loss" _.Loss; line "smoothed" _.Smoothed ]

    /// <summary>Writes the picture of the curve, as a whole or not at all.</summary>
    /// <param name="path">The file, which may exist.</param>
    /// <exception cref="System.IO.IOException">It cannot be written.</exception>
    member curve.Save(path: string) : unit =
        ArgumentException.ThrowIfNullOrEmpty(path, nameof path)
        let picture = Encoding.UTF8.GetBytes(curve.ToSvg())
        DurableFile.Write(path, fun (stream: Stream) -> stream.Write(picture, 0, picture.Length))

    override curve.ToString() =
        let number (rate: Nullable<float>) =
            if rate.HasValue then
                rate.Value.ToString("0.##e0", CultureInfo.InvariantCulture)
            else
                "none"

        let ending = if hasDiverged then ", where the loss diverged" else ""

        let last =
            if points.Length = 0 then
                Nullable()
            else
                Nullable points[points.Length - 1].Rate

        $"""{points.Length} iterations up to the rate {number last}{ending}; suggestion {number curve.Suggestion}, a tenth of the lowest {number curve.TenthOfLowest}"""

/// Making curves.
module internal LearningRateCurve =

    /// The mean of numbers around each, one that lies `distance` away counting smoothing^distance.
    let smooth (smoothing: float) (numbers: float[]) : float[] =
        let weights =
            Array.init numbers.Length (fun distance -> Math.Pow(smoothing, float distance))

        numbers
        |> Array.mapi (fun here _ ->
            let mutable sum, total = 0.0, 0.0

            for there in 0 .. numbers.Length - 1 do
                let weight = weights[abs (there - here)]
                sum <- sum + weight * numbers[there]
                total <- total + weight

            sum / total)

    /// The curve of these rates and losses.
    let ofLosses (smoothing: float) (optimizers: string[]) hasDiverged (rates: float[]) (losses: float[]) =
        let points =
            Array.zip3 rates losses (smooth smoothing losses)
            |> Array.map (fun (rate, loss, smoothed) ->
                {
                    Rate = rate
                    Loss = loss
                    Smoothed = smoothed
                })

        LearningRateCurve(points, hasDiverged, optimizers)

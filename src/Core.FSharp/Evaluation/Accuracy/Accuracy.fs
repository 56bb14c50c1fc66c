namespace MetricLearning

open System
open System.Collections.Generic
open System.Globalization

/// A metric of the queries of one class.
[<Sealed; AllowNullLiteral(false)>]
type ClassAccuracy(label: string, value: double) =
    do ArgumentNullException.ThrowIfNull(label, nameof label)

    /// The class: its label, also where a number stood for it, or its labels joined by "/".
    member _.Label = label

    /// The mean over its queries.
    member _.Value = value

    override _.ToString() =
        $"""{label}: {value.ToString CultureInfo.InvariantCulture}"""

/// The result of a metric: a number, and numbers by class where they were asked for.
[<Sealed>]
type Accuracy(value: double, byClass: IReadOnlyList<ClassAccuracy>) =
    do Arguments.noneNull (nameof byClass) byClass |> ignore

    /// A number alone.
    new(value: double) = Accuracy(value, Array.Empty<ClassAccuracy>())

    /// The mean over queries, or over classes where they were averaged or asked for; NaN when no query could match.
    member _.Value = value

    /// By class, in the order of labels, without classes that have no matches, unless none has. Empty unless asked for.
    member _.ByClass = byClass

    /// The value.
    static member op_Implicit(accuracy: Accuracy) : double =
        ArgumentNullException.ThrowIfNull(accuracy, nameof accuracy)
        accuracy.Value

    override _.ToString() =
        if byClass.Count = 0 then
            value.ToString CultureInfo.InvariantCulture
        else
            let classes = byClass |> Seq.map string |> String.concat ", "
            $"{value.ToString CultureInfo.InvariantCulture} ({classes})"

/// The outcome of a calculation.
[<Sealed>]
type internal Accuracies(values: IReadOnlyDictionary<string, Accuracy>, warnings: IReadOnlyList<string>) =

    /// By the name of the metric.
    member _.Values = values

    /// Doubts about them.
    member _.Warnings = warnings

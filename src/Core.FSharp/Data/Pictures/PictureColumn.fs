namespace MetricLearning

open System

/// A fact about each picture of a set, under one name, such as its class.
[<ReferenceEquality>]
type internal PictureColumn =
    {
        Name: string
        /// The distinct values, in the order of code points.
        Values: string[]
        /// For each picture the place of its value.
        Codes: int[]
    }

module internal PictureColumn =

    let ofValues (name: string) (values: string[]) : PictureColumn =
        let distinct = CodePoints.distinct values
        let places = dict (distinct |> Array.mapi (fun place value -> value, place))

        {
            Name = name
            Values = distinct
            Codes = values |> Array.map (fun value -> places[value])
        }

    /// The same values, those of the chosen pictures.
    let chosen (indices: int[]) (column: PictureColumn) : PictureColumn =
        { column with
            Codes = indices |> Array.map (fun index -> column.Codes[index])
        }

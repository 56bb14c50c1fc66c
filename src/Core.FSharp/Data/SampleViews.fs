namespace MetricLearning

open System
open System.Collections
open System.Runtime.CompilerServices
open TorchSharp

/// Making one sample of several readings of it: (view, other view, …, label).
module internal SampleViews =

    let private listed (parts: (obj | null)[]) : struct ((obj | null)[] * (obj | null) voption) =
        match parts with
        | [||]
        | [| _ |] -> struct (parts, ValueNone)
        | _ -> struct (Array.sub parts 0 (parts.Length - 1), ValueSome parts[parts.Length - 1])

    let private isNumeric (array: Array) =
        (nonNull (array.GetType().GetElementType())).IsPrimitive

    // The data of a sample, and its label, if it has one.
    let private divided (sample: obj) : struct ((obj | null)[] * (obj | null) voption) =
        match sample with
        | :? torch.Tensor -> struct ([| sample |], ValueNone)
        | :? Array as numbers when isNumeric numbers -> struct ([| sample |], ValueNone)
        | :? IDictionary as entries when entries.Contains "data" ->
            let label =
                [ "label"; "labels" ]
                |> List.tryFind entries.Contains
                |> Option.map (fun key -> entries[key])

            struct ([| entries["data"] |], ValueOption.ofOption label)
        | :? IDictionary ->
            Labels.refuse
                "A sample is a dictionary without the key \"data\": give samples of data and label, from which views can be made."
        | :? ITuple as parts -> listed [| for place in 0 .. parts.Length - 1 -> parts[place] |]
        | :? IEnumerable as parts when not (parts :? string) -> listed [| for part in parts -> part |]
        | _ -> struct ([| sample |], ValueNone)

    let private joined (views: (obj | null)[]) (label: (obj | null) voption -> (obj | null)) : obj | null =
        if Array.exists isNull views then
            null
        else
            let views = views |> Array.map (nonNull >> divided)
            let struct (_, found) = views[0]

            box
                [|
                    for struct (data, _) in views do
                        yield! data
                    label found
                |]

    /// The views of a sample with the number of the sample as their label.
    let numbered (index: int64) (views: (obj | null)[]) : obj | null = joined views (fun _ -> box index)

    /// The views of a sample with its own label.
    let labelled (_: int64) (views: (obj | null)[]) : obj | null =
        joined views (function
            | ValueSome label -> label
            | ValueNone ->
                Labels.refuse
                    "A sample has no label to give to its views: make samples of data and label, or call ToViews, which needs none.")

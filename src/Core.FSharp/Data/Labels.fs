namespace MetricLearning

open System
open System.Collections
open System.Runtime.CompilerServices
open TorchSharp
open MetricLearning.Core

/// The labels of one hierarchy level, one per sample.
[<RequireQualifiedAccess; NoComparison>]
type LabelColumn =
    | Numbers of int64[]
    | Words of string[]

    member column.Length =
        match column with
        | Numbers numbers -> numbers.Length
        | Words words -> words.Length

/// Reading labels as users have them: integer tensors, arrays and lists of integers, enums or strings, with one or
/// several levels a sample. All mistakes are ArgumentExceptions.
module Labels =

    let internal refuse (message: string) : 'T = raise (ArgumentException message)

    let private wholeNumber (value: float) : int64 =
        if Double.IsInteger value && abs value < 9.2e18 then
            int64 value
        else
            refuse $"A label is {value}: labels are integers or strings; round them before."

    let private ofTensor (labels: torch.Tensor) : int64[] =
        if labels.device_type = DeviceType.META then
            refuse "The labels have no numbers: they are on the device \"meta\", which keeps shapes alone."

        use _ = torch.NewDisposeScope()
        let here = labels.detach().cpu()

        if torch.is_complex here then
            refuse "The labels are complex numbers: labels are integers or strings."
        elif here.is_floating_point () then
            Array.map wholeNumber (here.``to``(torch.float64).contiguous().data<float>().ToArray())
        else
            here.``to``(torch.int64).contiguous().data<int64>().ToArray()

    // A label on its own; none if the value is a collection of labels.
    let private single (value: obj | null) : Choice<int64, string> voption =
        match value with
        | null -> refuse "A label is null: labels are integers or strings."
        | :? string as word -> ValueSome(Choice2Of2 word)
        | :? torch.Tensor as number when number.dim () = 0L -> ValueSome(Choice1Of2((ofTensor number)[0]))
        | :? Enum as case -> ValueSome(Choice1Of2(Convert.ToInt64 case))
        | :? float as number -> ValueSome(Choice1Of2(wholeNumber number))
        | :? float32 as number -> ValueSome(Choice1Of2(wholeNumber (float number)))
        | :? decimal as number -> ValueSome(Choice1Of2(wholeNumber (float number)))
        | :? char as letter -> ValueSome(Choice2Of2(string letter))
        | :? bool as truth -> ValueSome(Choice1Of2(if truth then 1L else 0L))
        | :? IConvertible as number ->
            try
                ValueSome(Choice1Of2(Convert.ToInt64 number))
            with _ ->
                refuse $"A label is a {number.GetType().Name}: labels are integers or strings."
        | _ -> ValueNone

    let private items (labels: obj) : (obj | null)[] =
        match labels with
        | :? ITuple as tuple -> Array.init tuple.Length (fun place -> tuple[place])
        | :? IEnumerable as several when not (labels :? string) -> [| for item in several -> item |]
        | other ->
            refuse
                $"The labels are a {other.GetType().Name}: give an integer tensor, or an array or list of integers or strings."

    let private ofSingles (labels: (obj | null)[]) : LabelColumn =
        let found =
            labels
            |> Array.mapi (fun place label ->
                match single label with
                | ValueSome label -> label
                | ValueNone -> refuse $"Label {place} is a {label}, but label 0 is a single value.")

        match Array.tryHead found with
        | Some(Choice2Of2 _) ->
            found
            |> Array.mapi (fun place label ->
                match label with
                | Choice2Of2 word -> word
                | Choice1Of2 number ->
                    refuse $"Label {place} is the number {number}, but label 0 is a string: use one kind.")
            |> LabelColumn.Words
        | _ ->
            found
            |> Array.mapi (fun place label ->
                match label with
                | Choice1Of2 number -> number
                | Choice2Of2 word ->
                    refuse $"Label {place} is the string \"{word}\", but label 0 is a number: use one kind.")
            |> LabelColumn.Numbers

    // One level, in whatever it came.
    let private column (labels: obj) : LabelColumn =
        match labels with
        | :? torch.Tensor as tensor when tensor.dim () = 1L -> LabelColumn.Numbers(ofTensor tensor)
        | :? torch.Tensor as tensor ->
            refuse $"A level of labels is a tensor of {tensor.dim ()} dimensions: it must have one, a label per sample."
        // .NET takes an array of unsigned integers for one of signed ones.
        | :? (int64[]) as numbers when labels.GetType() = typeof<int64[]> -> LabelColumn.Numbers(Array.copy numbers)
        | :? (int[]) as numbers when labels.GetType() = typeof<int[]> -> LabelColumn.Numbers(Array.map int64 numbers)
        | _ -> ofSingles (items labels)

    let private grid (rows: int) (levels: int) (at: int -> int -> obj | null) : LabelColumn[] =
        Array.init levels (fun level -> ofSingles (Array.init rows (fun row -> at row level)))

    let private sameLengths (columns: LabelColumn[]) : LabelColumn[] =
        for level in 1 .. columns.Length - 1 do
            if columns[level].Length <> columns[0].Length then
                refuse
                    $"Level {level} has {columns[level].Length} labels, but level 0 has {columns[0].Length}: every level has one label per sample."

        columns

    let private read (nested: obj[] -> LabelColumn[]) (labels: obj) : LabelColumn[] =
        ArgumentNullException.ThrowIfNull(labels, nameof labels)

        match labels with
        | :? torch.Tensor as tensor when tensor.dim () = 2L ->
            let all = ofTensor tensor
            let levels = int (tensor.size 1)

            Array.init levels (fun level ->
                LabelColumn.Numbers(Array.init (int (tensor.size 0)) (fun row -> all[row * levels + level])))
        | :? torch.Tensor as tensor when tensor.dim () <> 1L ->
            refuse
                $"The labels are a tensor of {tensor.dim ()} dimensions: give one label per sample (N), or one row of levels per sample (N x levels)."
        | :? Array as table when table.Rank = 2 ->
            grid (table.GetLength 0) (table.GetLength 1) (fun row level -> table.GetValue(row, level))
        | :? torch.Tensor
        | :? (int64[])
        | :? (int[])
        | :? (string[]) -> [| column labels |]
        | _ ->
            let items = items labels

            if items.Length > 0 && (single items[0]).IsNone then
                items
                |> Array.mapi (fun place labels ->
                    match labels with
                    | null -> refuse $"The labels at place {place} are null."
                    | labels -> labels)
                |> nested
            else
                [| ofSingles items |]

    /// The labels of a batch, level by level. A list or tuple of collections has one collection per level, as default
    /// collation makes of samples with several labels; a two-dimensional tensor or array has one row per sample.
    let ofBatch (labels: obj) : LabelColumn[] =
        read (Array.map column >> sameLengths) labels

    /// The labels of a whole data set, level by level. A list of collections has one collection per sample, as has a
    /// two-dimensional tensor or array.
    let ofDataset (labels: obj) : LabelColumn[] =
        let rows (samples: obj[]) =
            let rows =
                samples
                |> Array.map (fun sample ->
                    match sample with
                    | :? torch.Tensor as row -> ofTensor row |> Array.map (fun label -> (box label: obj | null))
                    | _ -> items sample)

            rows
            |> Array.iteri (fun sample row ->
                if row.Length <> rows[0].Length then
                    refuse
                        $"Sample {sample} has {row.Length} levels of labels, but sample 0 has {rows[0].Length}: every sample has the same levels.")

            grid rows.Length rows[0].Length (fun row level -> rows[row][level])

        read rows labels

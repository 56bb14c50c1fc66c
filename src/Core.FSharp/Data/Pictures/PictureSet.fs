namespace MetricLearning

open System
open System.Collections.Generic
open System.IO
open System.Linq
open System.Runtime.InteropServices
open MetricLearning.Core

/// The files of pictures and what is known of each: columns of text, some of which are levels of labels, from the finest to
/// the coarsest. Nothing is decoded until it is asked for. A set never changes; its labels are numbered in the order of their
/// names' code points, and a part of a set keeps the numbers.
[<Sealed>]
type PictureSet internal (files: PictureFiles, columns: PictureColumn[], levels: string[], skipped: SkippedPicture[]) =

    let find (column: string) : PictureColumn =
        let name = Arguments.given (nameof column) column

        match columns |> Array.tryFind (fun column -> column.Name = name) with
        | Some column -> column
        | None ->
            let known = columns |> Array.map (fun column -> $"\"{column.Name}\"")
            invalidArg "column" $"""The pictures have no column "{name}"; they have {String.Join(", ", known)}."""

    let chosen (indices: int[]) : PictureSet =
        PictureSet(
            PictureFiles.chosen indices files,
            columns |> Array.map (PictureColumn.chosen indices),
            levels,
            skipped
        )

    let numbers (column: PictureColumn) = column.Codes |> Array.map int64

    let checkPlace (argument: string) (index: int) =
        let count = files.Names.Length
        Ranges.require argument (index >= 0 && index < count) $"from 0 to {count - 1}, the pictures of the set" index

    let checkFraction (fraction: float) =
        Ranges.require (nameof fraction) (fraction > 0.0 && fraction < 1.0) "above 0 and below 1" fraction

    static let listed (files: PictureFiles) columns levels (onBroken: OnBroken) (maxPixels: int64) : PictureSet =
        let whole = PictureSet(files, columns, levels, [||])

        match onBroken with
        | OnBroken.Fail -> whole
        | OnBroken.Skip ->
            let path = PictureFiles.path files
            let broken = BrokenPictures.find files.Names.Length path maxPixels
            let places = broken |> Array.map (fun struct (index, _) -> index) |> HashSet

            let good =
                [| 0 .. files.Names.Length - 1 |] |> Array.filter (places.Contains >> not)

            if good.Length = 0 then
                let struct (index, reason) = broken[0]

                raise (
                    InvalidDataException
                        $"None of the {broken.Length} files is a whole picture. The first is {path index}: {reason}"
                )

            PictureSet(
                PictureFiles.chosen good files,
                columns |> Array.map (PictureColumn.chosen good),
                levels,
                broken
                |> Array.map (fun struct (index, reason) -> SkippedPicture(path index, reason))
            )
        | other -> invalidArg (nameof onBroken) $"onBroken is {int other}: it must be Fail or Skip."

    /// <summary>The pictures of a folder with a subfolder for each class, by the endings of their names: PNG, JPEG, WebP, BMP and
    /// GIF. Classes may stand in folders of groups, those in others: level 0, the column `class`, is the folder that a picture
    /// is in, with those around it (`birds/owl`); level 1, the column `group`, is the folder around it (`birds`), and levels 2
    /// and on are `group 2` and on. Hidden files and folders are left out; links are followed.</summary>
    /// <param name="folder">The folder of the classes, or of the outermost groups.</param>
    /// <param name="onBroken">What is done about broken files.</param>
    /// <param name="maxPixels">With `Skip`: files with more pixels are left out, too.</param>
    /// <exception cref="System.IO.DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="System.IO.InvalidDataException">It has no pictures, or only broken ones are left out; some are in no class's folder, or
    /// some are in more folders than others.</exception>
    static member FromFolder
        (
            folder: string,
            [<Optional; DefaultParameterValue(OnBroken.Fail)>] onBroken: OnBroken,
            [<Optional; DefaultParameterValue(100_000_000L)>] maxPixels: int64
        ) : PictureSet =
        let files, columns = FolderListing.read (Arguments.given (nameof folder) folder)
        listed files columns (columns |> Array.map _.Name) onBroken maxPixels

    /// <summary>The pictures of a table: comma-separated values with a header, a picture a row. All columns are kept.</summary>
    /// <param name="table">The file.</param>
    /// <param name="pathColumn">The column of paths, those that are not absolute from the table's folder.</param>
    /// <param name="labelColumns">The columns that are levels of labels, from the finest.</param>
    /// <param name="onBroken">What is done about broken files.</param>
    /// <param name="maxPixels">With `Skip`: files with more pixels are left out, too.</param>
    /// <exception cref="System.IO.InvalidDataException">The file is no such table; the line is named.</exception>
    /// <exception cref="System.ArgumentException">It has no such column.</exception>
    static member FromTable
        (
            table: string,
            pathColumn: string,
            labelColumns: IReadOnlyList<string>,
            [<Optional; DefaultParameterValue(OnBroken.Fail)>] onBroken: OnBroken,
            [<Optional; DefaultParameterValue(100_000_000L)>] maxPixels: int64
        ) : PictureSet =
        let labels = Arguments.noneNull (nameof labelColumns) labelColumns

        let files, columns =
            PictureTable.read (Arguments.given (nameof table) table) (Arguments.given (nameof pathColumn) pathColumn)

        (listed files columns [||] onBroken maxPixels).WithLevels labels

    /// The number of pictures.
    member _.Count: int = files.Names.Length

    /// The file of a picture.
    member _.PathOf(index: int) : string =
        checkPlace (nameof index) index
        PictureFiles.path files index

    /// The names of all columns.
    member _.Columns: IReadOnlyList<string> = [| for column in columns -> column.Name |]

    /// The columns that are levels of labels, from the finest.
    member _.Levels: IReadOnlyList<string> = Array.copy levels

    /// The files that were left out as broken.
    member _.Skipped: IReadOnlyList<SkippedPicture> = Array.AsReadOnly skipped

    /// The number of each picture's label of level 0: its place among `Classes`.
    member _.Labels: int64[] = numbers (find levels[0])

    /// The names of the labels of level 0, of the whole set that this one is a part of, by their numbers.
    member _.Classes: IReadOnlyList<string> = Array.AsReadOnly (find levels[0]).Values

    /// A row for each picture with its labels of all levels, as `HierarchicalSampler` takes them.
    member _.LabelTable: int64[,] =
        let all = levels |> Array.map find
        Array2D.init files.Names.Length levels.Length (fun row level -> int64 all[level].Codes[row])

    /// Each picture's value of a column.
    member _.Values(column: string) : string[] =
        let found = find column
        found.Codes |> Array.map (fun code -> found.Values[code])

    /// The same pictures with other columns as levels of labels, from the finest.
    member _.WithLevels([<ParamArray>] names: string[]) : PictureSet =
        let chosen = Arguments.noneNull (nameof names) names

        if chosen.Length = 0 then
            invalidArg (nameof names) "Name at least one column of labels."

        chosen |> Array.iter (find >> ignore)
        PictureSet(files, columns, chosen, skipped)

    /// <summary>The same pictures with the columns of a table (comma-separated values with a header) beside their own. Both have the
    /// key, and a picture gets the row with its value of it: a table of classes, for example, by `class`.</summary>
    /// <exception cref="System.IO.InvalidDataException">The file is no such table, or two rows have the same key; the line is named.</exception>
    /// <exception cref="System.ArgumentException">A picture's value has no row, or a column is there already.</exception>
    member _.WithTable(table: string, key: string) : PictureSet =
        let added =
            PictureTable.join (Arguments.given (nameof table) table) (find (Arguments.given (nameof key) key))

        for column in added do
            if columns |> Array.exists (fun own -> own.Name = column.Name) then
                invalidArg
                    (nameof table)
                    $"The pictures have a column \"{column.Name}\" already; rename that of {table}."

        PictureSet(files, Array.append columns added, levels, skipped)

    /// The pictures at these places, in this order.
    member _.Subset(indices: IEnumerable<int>) : PictureSet =
        let places = Seq.toArray (Arguments.given (nameof indices) indices)
        places |> Array.iter (checkPlace (nameof indices))
        chosen places

    /// The pictures whose column has this value. ArgumentException if no picture of the whole set has it.
    member _.Where(column: string, value: string) : PictureSet =
        Arguments.given (nameof value) value |> ignore
        let found = find column

        match Array.IndexOf(found.Values, value) with
        | -1 ->
            let known =
                found.Values
                |> Seq.truncate 10
                |> Seq.map (fun one -> $"\"{one}\"")
                |> String.concat ", "

            let more = if found.Values.Length > 10 then ", …" else ""
            invalidArg (nameof value) $"The column \"{column}\" has no value \"{value}\"; it has {known}{more}."
        | code ->
            chosen (
                [| 0 .. found.Codes.Length - 1 |]
                |> Array.filter (fun index -> found.Codes[index] = code)
            )

    /// A random part of this many pictures, in their order.
    member this.Take(count: int, seed: Seed) : PictureSet =
        Ranges.within 0.0 (float this.Count) (nameof count) (float count)
        chosen (Array.sort (Seed.choose count this.Count (Seed.derive "subset" 0L seed)))

    /// The pictures of a random fraction of the classes, and those of all other classes: no class is in both.
    member _.SplitByClass(fraction: float, seed: Seed) : struct (PictureSet * PictureSet) =
        checkFraction fraction
        let struct (first, second) = Splits.byClass (find levels[0]).Codes fraction seed
        struct (chosen first, chosen second)

    /// A random fraction of the pictures of every class, and the others. A class of several pictures is in both.
    member _.SplitBySample(fraction: float, seed: Seed) : struct (PictureSet * PictureSet) =
        checkFraction fraction
        let struct (first, second) = Splits.bySample (find levels[0]).Codes fraction seed
        struct (chosen first, chosen second)

    /// For each value of a column the pictures that have it.
    member this.SplitBy(column: string) : IReadOnlyDictionary<string, PictureSet> =
        this.Values(column).Index().GroupBy(fun struct (_, value) -> value)
        |> Seq.map (fun group -> KeyValuePair(group.Key, chosen [| for struct (index, _) in group -> index |]))
        |> Dictionary
        :> IReadOnlyDictionary<string, PictureSet>

    /// Data to train on, embed or evaluate: a picture's tensor and the number of its label, or the numbers of all levels if there
    /// are several. Pictures are read by the loader's workers when a batch asks for them. The augmentation's seed is the
    /// sample's: a function of the run's seed, the pass and the place in it.
    member this.ToTrainingData(format: PictureFormat, [<Optional>] augmentation: Augmentation | null) : TrainingData =
        Arguments.given (nameof format) format |> ignore
        let levels = levels |> Array.map (fun level -> (find level).Codes)

        let label (index: int) : obj =
            match levels with
            | [| only |] -> int64 only[index]
            | several -> Array.map (fun (codes: int[]) -> int64 codes[index]) several

        // Several views of a picture are of one that is read once.
        let read (index: int64) : Seed -> (obj | null) =
            let picture = format.Read(this.PathOf(int index))

            fun seed ->
                let changed =
                    match augmentation with
                    | null -> picture
                    | change -> change.Apply(picture, seed)

                box struct (format.ToTensor changed, label (int index))

        TrainingData.Samples((fun () -> int64 this.Count), read, not (isNull augmentation))

namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// Matches the tensors of a file with those of a module, by names, shapes and dtypes.
module internal WeightMatching =

    let private isFloating (dtype: torch.ScalarType) : bool =
        match dtype with
        | torch.ScalarType.Float16
        | torch.ScalarType.BFloat16
        | torch.ScalarType.Float32
        | torch.ScalarType.Float64 -> true
        | _ -> false

    // Whole numbers fit into fractions, fractions not into whole numbers: those would be cut off silently.
    let private fits (inFile: WeightEntry) (inModule: WeightEntry) : bool =
        inFile.Shape = inModule.Shape
        && (isFloating inModule.Dtype || not (isFloating inFile.Dtype))

    /// The pairs (name in the file, name in the module) of what fits, and the report.
    /// ArgumentException when two tensors of the file get one name.
    let plan
        (rename: string -> string | null)
        (ignored: IReadOnlyList<string>)
        (inFile: WeightEntry seq)
        (inModule: WeightEntry seq)
        : struct (struct (string * string)[] * LoadReport) =
        let here =
            Dictionary(inModule |> Seq.map (fun entry -> KeyValuePair(entry.Name, entry)))

        let takenBy = Dictionary<string, string>()
        let pairs = ResizeArray()
        let converted = ResizeArray()
        let unexpected = ResizeArray()
        let mismatched = ResizeArray()
        let leftOut = ResizeArray()

        for entry in inFile do
            match rename entry.Name with
            | null -> leftOut.Add entry.Name
            | name ->
                if not (takenBy.TryAdd(name, entry.Name)) then
                    raise (
                        ArgumentException
                            $"\"{takenBy[name]}\" and \"{entry.Name}\" of the file are both called \"{name}\" by the renaming."
                    )

                match here.TryGetValue name with
                | true, own ->
                    let difference = { InFile = entry; InModule = own }

                    if fits entry own then
                        pairs.Add(struct (entry.Name, name))

                        if entry.Dtype <> own.Dtype then
                            converted.Add difference
                    else
                        mismatched.Add difference
                | _ -> unexpected.Add entry.Name

        let missing =
            [|
                for name in here.Keys do
                    if not (takenBy.ContainsKey name) then
                        name
            |]

        let report =
            LoadReport(
                [| for struct (_, name) in pairs -> name |],
                converted.ToArray(),
                missing,
                unexpected.ToArray(),
                mismatched.ToArray(),
                leftOut.ToArray(),
                ignored
            )

        struct (pairs.ToArray(), report)

    /// The prefix that, stripped from the names of a file, would make most of them names of the module; null when none would.
    let likelyPrefix (inFile: string seq) (inModule: string seq) : string | null =
        let here = HashSet inModule

        let prefixes =
            [
                for name in inFile do
                    if not (here.Contains name) then
                        for place in 0 .. name.Length - 2 do
                            if name[place] = '.' && here.Contains name[place + 1 ..] then
                                name[..place]
            ]

        match prefixes with
        | [] -> null
        | prefixes -> prefixes |> Seq.countBy id |> Seq.maxBy snd |> fst

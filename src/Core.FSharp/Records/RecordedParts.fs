namespace MetricLearning.Core

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning

/// Names of the parts of losses and miners in records, and their numbers.
module internal RecordedParts =

    // A part that was made in F# is an object expression, or a formula, in the module of its name.
    let private ofGenerated (suffix: string) (generated: Type) =
        let rec named (outer: Type) =
            match outer.DeclaringType with
            | NonNull further when outer.Name.Contains '@' -> named further
            | _ -> outer.Name

        let name = named generated

        (if name.EndsWith("Module", StringComparison.Ordinal) then
             name.Substring(0, name.Length - "Module".Length)
         else
             name)
        + suffix

    /// The documented name of a part's class.
    let className (part: obj) : string =
        let kind = part.GetType()

        match part with
        | :? MetricPart as part -> part.Name
        | :? Loss as loss -> loss.Name
        | :? NamedLosses as losses ->
            if
                losses.named_children ()
                |> Seq.forall (fun struct (name, _) -> fst (Int32.TryParse name))
            then
                "ModuleList"
            else
                "ModuleDict"
        | _ when not (kind.Name.Contains '@') -> kind.Name.Split('`')[0]
        | _ -> ofGenerated "" kind

    /// The numbers that a part has about its last call.
    let numbers (part: obj) : IReadOnlyDictionary<string, double> =
        let statistics: IReadOnlyDictionary<string, double> =
            match part with
            | :? Loss as loss -> loss.Stats
            | :? MetricPart as part -> part.Stats
            | _ -> Dictionary<string, double>()

        match part with
        | :? IRecordable as own ->
            let all = Dictionary<string, double> statistics

            for entry in own.Recordables do
                all[entry.Key] <- entry.Value

            all
        | _ -> statistics

    let private modules (parent: torch.nn.Module) : (string * obj) list =
        [
            for struct (name, inner) in parent.named_children () do
                name, (inner :> obj)
        ]

    let private perhaps (name: string) (part: objnull) : (string * obj) list =
        match part with
        | null -> []
        | part -> [ name, part ]

    /// The parts of a part, by the documented names.
    let children (part: obj) : (string * obj) list =
        match part with
        | :? Loss as loss ->
            [
                "distance", (loss.Distance :> obj)
                "reducer", (loss.Reducer :> obj)
                yield! perhaps "embedding_regularizer" (box loss.EmbeddingRegularizer)
                match part with
                | :? WeightedLoss as weighted -> yield! perhaps "weight_regularizer" (box weighted.WeightRegularizer)
                | :? CrossBatchMemory as memory -> yield! perhaps "miner" (box memory.Miner)
                | _ -> ()
                yield! modules loss
            ]
        | :? Regularizer as regularizer ->
            [
                "distance", (regularizer.Distance :> obj)
                "reducer", (regularizer.Reducer :> obj)
            ]
        | :? Reducer as reducer ->
            [
                for entry in reducer.ByPart -> "reducers_ModuleDict__modules_" + entry.Key, (entry.Value :> obj)
            ]
        | :? torch.nn.Module as parent -> modules parent
        | _ -> []

    /// The groups of a part and, with `deep`, of its parts, that have numbers.
    let rec groups (deep: bool) (name: string) (part: obj) : (string * IReadOnlyDictionary<string, double>) list =
        let group = $"{name}_{className part}"
        let own = numbers part

        [
            if own.Count > 0 then
                group, own

            if deep then
                for child, inner in children part do
                    yield! groups true $"{group}__modules_{child}" inner
        ]

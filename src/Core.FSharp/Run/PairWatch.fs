namespace MetricLearning.Core

open System.Collections.Generic
open TorchSharp
open MetricLearning

/// Watches the labels of batches until two samples of one class are seen side by side, and says so when a whole pass over the
/// data had none: a loss that compares the samples of a batch has nothing to bring together then. Labels lie on the CPU; no
/// device is waited for.
[<Sealed>]
type internal PairWatch(schema: Schema, handles: Handles) =

    // A pass need not end; after so many batches it is known, too.
    let longest = 1000

    let isOurs (part: obj) =
        part.GetType().Assembly = typeof<Loss>.Assembly

    // Losses with classes, memories or views of their own learn from any batch, and one of the user's with parameters may be
    // such. By another comparison samples of different labels are positives, too.
    let rec compares (loss: Loss) : bool =
        match loss with
        | :? WeightedLoss
        | :? CrossBatchMemory
        | :? InstanceLoss -> false
        | :? MultipleLosses as several -> several.Losses |> Seq.exists compares
        | _ ->
            loss.TakesLabels
            && loss.LabelComparison.IsEquality
            && (isOurs loss || Seq.isEmpty (loss.parameters ()))

    // Some go by places instead of labels.
    let goesByLabels (miner: Miner) =
        isOurs miner
        && miner.LabelComparison.IsEquality
        && not (miner :? EmbeddingsAlreadyPackagedAsTriplets)

    // With two streams a sample's counterpart is beside it, and a recipe of the user's compares what it likes.
    let watched =
        [
            if
                schema.Streams = 1
                && not schema.RoutesInputs
                && Seq.forall goesByLabels handles.TupleMiners.Values
            then
                for KeyValue(key, loss) in handles.Losses do
                    match box loss.Handle.Module with
                    | :? Loss as found when compares found -> key, found.Name
                    | _ -> ()
        ]

    let mutable isSettled = watched.IsEmpty
    // Batches since the beginning of a pass; none where that was not seen, as in a run that goes on in its middle.
    let mutable count: int option = None

    let warning (key: string, name: string) : string =
        $"No batch of a pass over the data had two samples of one class, so LossFuncs[\"{key}\"] ({name}) had nothing to bring together. Put several samples of each class into a batch, with MPerClassSampler or a larger BatchSize; if the labels number the samples, give those of classes."

    /// True if two of a batch's labels are the same, or where that is settled.
    member _.HasPair(labels: torch.Tensor) : bool =
        isSettled
        || labels.dim () <> 1L
        || (let seen = HashSet<int64>()
            labels.data<int64>().ToArray() |> Array.forall seen.Add |> not)

    /// Takes note of an iteration that was done: a warning, once, where there is something to say.
    member _.After(plan: Plan, isFirst: bool, hasPair: bool, passIsOver: bool) : string option =
        match watched |> List.tryFind (fun (key, _) -> Plan.counts key plan) with
        | Some _ when hasPair ->
            isSettled <- true
            None
        | Some loss ->
            count <- if isFirst then Some 1 else Option.map ((+) 1) count

            if count.IsSome && (passIsOver || count.Value >= longest) then
                isSettled <- true
                Some(warning loss)
            else
                None
        | None -> None

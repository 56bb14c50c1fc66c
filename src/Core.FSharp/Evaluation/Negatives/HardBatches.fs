namespace MetricLearning

open System.Collections.Generic

/// The parts of batches of hard negatives.
[<ReferenceEquality>]
type internal HardBatches =
    {
        /// The samples of each class.
        Members: int64[][]
        /// The class of each sample.
        ClassOf: int[]
        /// Samples of each class in a batch: m.
        PerClass: int
        /// Classes of a batch.
        Classes: int
        /// Those of them that are anchors.
        AnchorClasses: int
    }

/// Batches of classes that are confused with each other. Pure.
module internal HardBatches =

    // Groups of samples that it takes for every sample to be an anchor, of each class.
    let private groups (batches: HardBatches) : int[] =
        ClassGroups.Counts(batches.Members, batches.PerClass)

    /// The number of batches in which every sample is an anchor: a round.
    let ofRound (batches: HardBatches) : int64 =
        SpreadClasses.count batches.AnchorClasses (groups batches)

    /// For each batch of a round its anchors: classes, with m samples of each.
    let anchors (batches: HardBatches) (seed: Seed) : struct (int * int64[])[][] =
        let dealt = ClassGroups(batches.Members, batches.PerClass, seed)

        SpreadClasses.batches batches.AnchorClasses (groups batches) (Seed.derive "classes" 0L seed)
        |> Array.mapi (fun number classes ->
            let seed = Seed.derive "anchors" (int64 number) seed
            classes |> Array.map (fun chosen -> struct (chosen, dealt.Next(chosen, seed))))

    // A sample and others of its class, m in all; of a smaller class all, and some of them again.
    let private around (batches: HardBatches) (seed: Seed) (sample: int64) : int64[] =
        let chosen = batches.ClassOf[int sample]
        let seed = Seed.derive "members" (int64 chosen) seed
        let members = batches.Members[chosen]

        if members.Length >= batches.PerClass then
            members
            |> Array.filter ((<>) sample)
            |> ClassMembers.draw (batches.PerClass - 1) seed
            |> Array.append [| sample |]
        else
            Array.append members (ClassMembers.draw (batches.PerClass - members.Length) seed members)

    // Samples of classes that are not in the batch, one of each class: the anchors' classes in turn give one of their negatives, until
    // the batch has all its classes or there are no negatives any more.
    let private confused (batches: HardBatches) (inBatch: HashSet<int>) (negatives: Queue<int64>[]) : int64[] =
        let found = ResizeArray<int64>()

        let rec give (queue: Queue<int64>) : unit =
            match queue.TryDequeue() with
            | true, sample when inBatch.Add batches.ClassOf[int sample] -> found.Add sample
            | true, _ -> give queue
            | _ -> ()

        let isFull () = inBatch.Count = batches.Classes

        while not (isFull ()) && negatives |> Array.exists (fun queue -> queue.Count > 0) do
            for queue in negatives do
                if not (isFull ()) then
                    give queue

        found.ToArray()

    // Samples of random classes that are not in the batch, until it has all its classes.
    let private random (batches: HardBatches) (inBatch: HashSet<int>) (seed: Seed) : int64[] =
        SpreadClasses.others batches.Classes batches.Members.Length (Seq.toArray inBatch) seed
        |> Array.map (fun chosen ->
            let members = batches.Members[chosen]
            members[int (Seed.below members.LongLength (int64 chosen) seed)])

    /// A batch: its anchors, and around negatives of theirs, at random, m samples of each class. Where the negatives are of too few
    /// classes, random classes.
    let batch
        (batches: HardBatches)
        (negativesOf: int64 -> int64[])
        (anchors: struct (int * int64[])[])
        (seed: Seed)
        : int64[] =
        let inBatch = HashSet [ for struct (chosen, _) in anchors -> chosen ]

        let negatives =
            anchors
            |> Array.map (fun struct (chosen, group) ->
                Seed.derive "negatives" (int64 chosen) seed
                |> Seed.shuffle (group |> Array.collect negativesOf |> Array.distinct)
                |> Queue)

        let confused = confused batches inBatch negatives
        let random = random batches inBatch (Seed.derive "random" 0L seed)

        [|
            for struct (_, group) in anchors do
                yield! group
            for sample in Array.append confused random do
                yield! around batches seed sample
        |]

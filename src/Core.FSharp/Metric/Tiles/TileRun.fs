namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// A loss computed tile by tile. Each tile goes backward at once and is forgotten; what stays are sums over all tiles, of
/// which the reducer makes the loss. Where it makes it of one sum that has a gradient, that gradient is scaled in the end;
/// where it makes it of several, the sums come first, and a second pass goes backward with what each of them weighs.
[<Sealed>]
type internal TileRun
    (
        cut: TileCut,
        // What the loss learns.
        parameters: torch.Tensor[],
        // True if there are tuples to compare: then all of it has a gradient, even where no anchor has a positive and a
        // negative, as in one piece.
        areCompared: bool,
        sums: TileSums
    ) =

    let shares = cut.Shares
    let learned = [| for parameter in parameters -> new SharedTensor(parameter, true) |]
    let all () = Seq.append shares.All learned

    let eachTile (act: int64 -> unit) : unit =
        for start in cut.Starts do
            use _ = torch.NewDisposeScope()

            try
                act start
            finally
                shares.EndTile()

    // Adds the gradients of a tile's outputs, times their weights (null: 1), to those of what it read.
    let backward (outputs: torch.Tensor[]) (weights: torch.Tensor[] | null) : unit =
        let leaves =
            [|
                for shared in shares.All do
                    if shared.Learns then
                        for struct (first, leaf) in shared.Leaves do
                            struct (shared, first, leaf)

                for place in 0 .. parameters.Length - 1 do
                    struct (learned[place], ValueNone, parameters[place])
            |]

        let gradients =
            TileGraph.gradients false outputs weights [| for struct (_, _, leaf) in leaves -> leaf |]

        for number in 0 .. leaves.Length - 1 do
            match gradients[number] with
            | null -> ()
            | gradient ->
                let struct (shared, first, _) = leaves[number]
                shared.Add(first, gradient)

    // The one sum that has a gradient, as long as there is no other.
    let mutable only: struct (int * int) voption = ValueNone
    let mutable areSeveral = false

    let learning (ofTile: torch.Tensor[][]) : struct (int * int)[] =
        [|
            for question, answers in Array.indexed ofTile do
                for number, sum in Array.indexed answers do
                    if sum.requires_grad then
                        struct (question, number)
        |]

    // Sums, and the gradients if only one of them has any.
    let add () : unit =
        eachTile (fun start ->
            use _ = torch.enable_grad (shares.Records && not areSeveral)
            let ofTile = sums.Of(cut.At start)

            match learning ofTile, only with
            | [||], _ -> ()
            | [| struct (question, number) as one |], known when known.IsNone || known.Value = one ->
                only <- ValueSome one
                backward [| ofTile[question][number] |] null
            | _ ->
                areSeveral <- true

                for shared in all () do
                    shared.Gradient <- null

            sums.Add ofTile)

    // What each of the sums weighs in the loss; null: nothing.
    let weigh (loss: torch.Tensor) (answers: torch.Tensor[][]) : torch.Tensor[][] =
        let places = learning answers

        let found =
            answers |> Array.map (Array.map (fun _ -> Unchecked.defaultof<torch.Tensor>))

        if loss.requires_grad && places.Length > 0 then
            let leaves =
                places |> Array.map (fun struct (question, number) -> answers[question][number])

            let weights = TileGraph.gradients true [| loss |] null leaves

            for place in 0 .. places.Length - 1 do
                match weights[place] with
                | null -> ()
                | weight ->
                    let struct (question, number) = places[place]
                    found[question][number] <- weight

        found

    // The gradients of all sums, with their weights.
    let weighted (weights: torch.Tensor[][]) : unit =
        eachTile (fun start ->
            let ofTile = sums.Of(cut.At start)

            let outputs =
                learning ofTile
                |> Array.filter (fun struct (question, number) -> not (isNull (box (weights[question][number]))))

            let weightOf (struct (question, number): struct (int * int)) (sum: torch.Tensor) =
                let weight = weights[question][number]
                weight.to_type sum.dtype

            if outputs.Length > 0 then
                let sums =
                    outputs |> Array.map (fun struct (question, number) -> ofTile[question][number])

                backward sums (Array.map2 weightOf outputs sums))

    // The gradients of the only sum, with its weight.
    let scale (weight: torch.Tensor) : unit =
        for shared in all () do
            match shared.Gradient with
            | null -> ()
            | _ when isNull (box weight) -> shared.Gradient <- null
            | gradient -> gradient.mul_ (weight.to_type gradient.dtype) |> ignore

    // Those of what was computed tile by tile before go back to what it was made of.
    let beforehand () : unit =
        for rows in Seq.rev shares.ByTile do
            match rows.Shared.Gradient with
            | null -> ()
            | gradient ->
                eachTile (fun start ->
                    let values = rows.Of start

                    if values.requires_grad then
                        let own = gradient.narrow (0L, start, values.size 0)
                        backward [| values |] [| own.to_type values.dtype |])

    // The loss with its gradients.
    let connect (loss: torch.Tensor) : torch.Tensor =
        if areCompared then
            for shared in learned do
                if isNull shared.Gradient then
                    shared.Gradient <- torch.zeros_like shared.Outer

        let known =
            [|
                for shared in all () do
                    match shared.Gradient with
                    | NonNull gradient when shared.Outer.requires_grad ->
                        struct (shared.Outer, gradient.to_type shared.Outer.dtype)
                    | _ -> ()
            |]

        if known.Length = 0 then
            loss
        else
            let tensors = [| for struct (tensor, _) in known -> tensor |]
            let gradients = [| for struct (_, gradient) in known -> gradient |]
            loss .+. TileGradient.Of(torch.zeros_like loss, tensors, gradients)

    /// The loss: a scalar.
    member _.Compute() : torch.Tensor =
        try
            add ()
            let answers = sums.Answer shares.Records
            let loss = sums.Loss()

            if shares.Records then
                let weights = weigh loss answers

                match only with
                | _ when areSeveral -> weighted weights
                | ValueSome(struct (question, number)) -> scale (weights[question][number])
                | ValueNone -> ()

                beforehand ()
                connect loss
            else
                loss
        finally
            for parameter in learned do
                (parameter :> IDisposable).Dispose()

/// Losses computed tile by tile.
module internal TileRun =

    /// A loss of an input in tiles of so many anchors, or of so many of its `classes` (0: of anchors), with gradients of the
    /// embeddings, the reference set and what the loss learns.
    let compute
        (input: MetricInput)
        (rows: int64)
        (classes: int64)
        (parameters: Modules.Parameter seq)
        (elementsOf: MetricInput -> IReadOnlyList<LossElements>)
        (reduce: LossElements[] -> torch.Tensor)
        : torch.Tensor =
        let learned =
            [|
                for parameter in parameters do
                    if parameter.requires_grad && torch.is_grad_enabled () then
                        parameter :> torch.Tensor
            |]

        let records =
            learned.Length > 0
            || torch.is_grad_enabled ()
               && (input.Embeddings.requires_grad || input.RefEmbeddings.requires_grad)

        use _ = torch.NewDisposeScope()
        use shares = new Shares(records)
        use sums = new TileSums(input.Embeddings, elementsOf, reduce)
        let cut = TileCut(input, rows, classes, shares)

        let areCompared =
            match input.Tuples with
            | Tuples.All -> true
            | Tuples.Pairs(positives, _, negatives, _) -> positives.size 0 > 0L && negatives.size 0 > 0L
            | Tuples.Triplets(anchors, _, _) -> anchors.size 0 > 0L

        TileRun(cut, learned, areCompared, sums).Compute().MoveToOuterDisposeScope()

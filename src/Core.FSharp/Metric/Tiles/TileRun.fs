namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// A loss computed tile by tile. Each tile goes backward at once and is forgotten; what stays are sums over all tiles, of
/// which the reducer makes the loss. Where it makes it of one sum that has a gradient, that gradient is scaled in the end;
/// where it makes it of several, the sums come first, and a second pass goes backward with what each of them weighs. Where
/// several processes compute the same loss, each takes a share of the tiles, and sums and gradients are added over all of them.
[<Sealed>]
type internal TileRun
    (
        cut: TileCut,
        sums: TileSums,
        gradients: GradientsOfTiles,
        // True if there are tuples to compare: then all of it has a gradient, even where no anchor has a positive and a
        // negative, as in one piece.
        areCompared: bool,
        processes: TileTeam
    ) =

    let shares = cut.Shares
    let mutable team = processes

    let eachOf (starts: int64[]) (act: int64 -> unit) : unit =
        for start in starts do
            use _ = torch.NewDisposeScope()

            try
                act start
            finally
                shares.EndTile()

    let eachTile (act: int64 -> unit) : unit = eachOf (team.Own cut.Starts) act

    let learning (ofTile: torch.Tensor[][]) : struct (int * int)[] =
        [|
            for question, answers in Array.indexed ofTile do
                for number, sum in Array.indexed answers do
                    if sum.requires_grad then
                        struct (question, number)
        |]

    // The places of the sums that have a gradient in any tile.
    let mutable places = Set.empty<struct (int * int)>
    let areSeveral () = places.Count > 1

    let place (more: Set<struct (int * int)>) : unit =
        places <- Set.union places more

        if areSeveral () then
            gradients.Forget()

    // Sums, and the gradients if only one of them has any.
    let add () : unit =
        eachTile (fun start ->
            use _ = torch.enable_grad (shares.Records && not (areSeveral ()))
            let ofTile = sums.Of(cut.At start)
            let found = learning ofTile
            place (Set.ofArray found)

            if not (areSeveral ()) then
                for struct (question, number) in found do
                    gradients.Backward([| ofTile[question][number] |], null)

            sums.Add ofTile)

    // Zeros of the sums of the first tile that has something to say of the loss, at which all processes look; none: no tile has.
    let look () : torch.Tensor[][] =
        use _ = torch.no_grad ()
        let found () = sums.Parts.Length > 0
        let mutable zeros: torch.Tensor[][] = [||]
        shares.IsCommon <- true

        for start in cut.Starts do
            if not (found ()) then
                eachOf [| start |] (fun start -> zeros <- sums.Zeros(sums.Of(cut.At start)))

        shares.IsCommon <- false
        zeros

    // The sums of all processes.
    let addTogether () : unit =
        match look () with
        | [||] -> ()
        | zeros ->
            add ()

            match TileExchange.add team shares sums zeros places with
            | Some found -> place found
            | None ->
                // They found things of different kinds in their tiles: each computes all of them.
                team <- TileTeam.Alone
                sums.Totals <- [||]
                places <- Set.empty
                gradients.Forget()
                add ()

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

                gradients.Backward(sums, Array.map2 weightOf outputs sums))

    // Those of what was computed tile by tile before go back to what it was made of.
    let beforehand () : unit =
        for rows in Seq.rev shares.ByTile do
            TileExchange.addGradients team [| rows.Shared |]

            match rows.Shared.Gradient with
            | null -> ()
            | gradient ->
                eachTile (fun start ->
                    let values = rows.Of start

                    if values.requires_grad then
                        let own = gradient.narrow (0L, start, values.size 0)
                        gradients.Backward([| values |], [| own.to_type values.dtype |]))

    /// The loss: a scalar.
    member _.Compute() : torch.Tensor =
        if team.IsSeveral then addTogether () else add ()
        let answers = sums.Answer shares.Records
        let loss = sums.Loss()

        if shares.Records then
            let weights = weigh loss answers

            if areSeveral () then
                weighted weights
            else
                for struct (question, number) in places do
                    gradients.Scale(weights[question][number])

            beforehand ()
            gradients.AddOver team
            gradients.Connect(loss, areCompared)
        else
            loss

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
        let anchors = if classes > 0L then classes else input.Embeddings.size 0
        let team = TileTeam.Of(int ((anchors + rows - 1L) / rows))
        use shares = new Shares(records, team)
        use sums = new TileSums(input.Embeddings, elementsOf, reduce)
        use gradients = new GradientsOfTiles(shares, learned)
        let cut = TileCut(input, rows, classes, shares)

        let areCompared =
            match input.Tuples with
            | Tuples.All -> true
            | Tuples.Pairs(positives, _, negatives, _) -> positives.size 0 > 0L && negatives.size 0 > 0L
            | Tuples.Triplets(anchors, _, _) -> anchors.size 0 > 0L

        TileRun(cut, sums, gradients, areCompared, team).Compute().MoveToOuterDisposeScope()

namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// The parts of a loss as tiles give them: what the reducer asks of them, and the answers, which are sums over all tiles.
[<Sealed>]
type internal TileSums
    (
        like: torch.Tensor,
        elementsOf: MetricInput -> IReadOnlyList<LossElements>,
        // From parts to the loss. It is asked twice: before and after the tiles.
        reduce: LossElements[] -> torch.Tensor
    ) =

    let mutable parts: TiledPart[] = [||]
    let mutable names: string[] = [||]
    let mutable totals: torch.Tensor[][] = [||]

    let tiled () : LossElements[] =
        [| for part in parts -> TiledElements(part, fun _ same -> same) |]

    let ask (elements: IReadOnlyList<LossElements>) : unit =
        parts <- [| for part in elements -> new TiledPart(part, like) |]
        use _ = torch.no_grad ()
        reduce (tiled ()) |> ignore

    // Sums of many tiles in 64 bits.
    let wide (value: torch.Tensor) : torch.Tensor =
        if value.is_floating_point () then
            value.detach().``double``()
        else
            value.detach ()

    // In place: what each tile leaves behind, however small, keeps the allocator from using the room of its matrices again.
    let join (total: torch.Tensor[]) (sums: torch.Tensor[]) : torch.Tensor[] =
        if total.Length = 0 then
            sums |> Array.map (fun sum -> (wide sum).clone().MoveToOuterDisposeScope())
        else
            for number, sum in Array.indexed sums do
                let whole = total[number]
                whole.add_ (wide sum, Numeric.whole 1L) |> ignore

            total

    /// The sums of a tile, an array for each question; none as long as nothing is asked, because no tile had any value.
    member _.Of(tile: MetricInput) : torch.Tensor[][] =
        let elements = elementsOf tile
        names <- [| for part in elements -> part.Name |]

        // What a loss gives where it finds nothing says nothing of its parts.
        if parts.Length = 0 && not (Seq.forall TiledPart.IsNothing elements) then
            ask elements

        if parts.Length > 0 && elements.Count <> parts.Length then
            invalidOp
                $"A loss whose AnchorsAreIndependent is true gives the same parts for all anchors; there are {parts.Length} and {elements.Count}."

        [|
            for number in 0 .. parts.Length - 1 do
                yield! parts[number].OfTile(tile, elements[number])
        |]

    /// The parts of the loss; none as long as nothing is asked.
    member _.Parts: TiledPart[] = parts

    /// The sums of all tiles so far, an array for each question: an empty one where no tile had any value.
    member _.Totals
        with get (): torch.Tensor[][] = totals
        and set (value: torch.Tensor[][]) = totals <- value

    /// Totals of the kinds of these sums before there is any, in the scope around this one.
    member _.Zeros(sums: torch.Tensor[][]) : torch.Tensor[][] =
        let zero (sum: torch.Tensor) =
            (wide (torch.zeros_like sum)).MoveToOuterDisposeScope()

        sums |> Array.map (Array.map zero)

    /// Adds the sums of a tile.
    member _.Add(sums: torch.Tensor[][]) : unit =
        if sums.Length > 0 then
            let before =
                if totals.Length > 0 then
                    totals
                else
                    Array.map (fun _ -> [||]) sums

            totals <- Array.map2 join before sums

    /// Answers the questions. What is returned are the answers, of which those that are no counts `learn`: what each weighs
    /// in the loss can be asked for.
    member _.Answer(learn: bool) : torch.Tensor[][] =
        let dtype = (Numeric.atLeast32 like).dtype

        let answer (total: torch.Tensor) =
            if total.is_floating_point () then
                TileGraph.leaf learn (total.to_type dtype)
            else
                total

        let answers = totals |> Array.map (Array.map answer)
        let mutable before = 0

        for part in parts do
            part.Answer answers[before .. before + part.Questions.Count - 1]
            before <- before + part.Questions.Count

        answers

    /// The loss of the answers.
    member _.Loss() : torch.Tensor =
        if parts.Length = 0 then
            reduce [| for name in names -> ElementsOf.Nothing(name, like) |]
        else
            reduce (tiled ())

    interface IDisposable with
        member _.Dispose() =
            for part in parts do
                (part :> IDisposable).Dispose()

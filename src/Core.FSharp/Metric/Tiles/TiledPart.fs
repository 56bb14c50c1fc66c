namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// The kinds of questions that reducers ask of the values of a loss.
[<RequireQualifiedAccess>]
type internal Asked =
    | Sum
    | Count
    | Mean
    | Divisor

/// A question about a part of a loss, and how the values that it is about come from those of a tile.
type internal Question =
    {
        Asked: Asked
        Of: MetricInput -> LossElements -> LossElements
    }

/// A part of a loss whose values are computed tile by tile. It is asked twice: the first time only the questions are noted,
/// the second time, when all tiles have been seen, they are answered.
[<Sealed>]
type internal TiledPart(example: LossElements, like: torch.Tensor) =

    let questions = List<Question>()
    let mutable answers: torch.Tensor[][] voption = ValueNone
    let mutable next = 0
    let mutable isEmpty = true
    let mutable noneIsZero = true

    // What questions are asked with.
    let kept = List<torch.Tensor>()

    let fold =
        match example with
        | :? FoldedElements as folded -> folded.Fold
        | _ -> Array.head

    let placeholder () =
        torch.ones ([||], dtype = like.dtype, device = like.device)

    let ask (asked: Asked) change : torch.Tensor[] =
        match answers with
        | ValueNone ->
            questions.Add { Asked = asked; Of = change }
            [| placeholder (); placeholder () |]
        | ValueSome given ->
            let place = next
            next <- next + 1

            if place >= given.Length || questions[place].Asked <> asked then
                invalidOp
                    $"The reducer of {example.Name} asks something else when it is asked again. A reducer whose IsSumOverCount is true reduces the same elements in the same way every time."

            given[place]

    /// True of what a loss gives where it finds nothing: it has no rows that could be changed.
    static member IsNothing(elements: LossElements) : bool =
        elements.IsEmpty && elements.Kind = ElementKind.Element

    /// Its name.
    member _.Name = example.Name

    /// The kind of its values.
    member _.Kind = example.Kind

    /// True if no tile has any value.
    member _.IsEmpty = answers.IsSome && isEmpty

    /// A tensor that a question is asked with, kept until all tiles have been seen.
    member _.Keep(tensor: torch.Tensor) : torch.Tensor =
        let own = tensor.alias().DetachFromDisposeScope()
        kept.Add own
        own

    /// The questions that were asked.
    member _.Questions: IReadOnlyList<Question> = questions

    /// The answers of one tile: sums and counts over its values.
    member _.OfTile(tile: MetricInput, elements: LossElements) : torch.Tensor[][] =
        isEmpty <- isEmpty && elements.IsEmpty

        let isNothing = TiledPart.IsNothing elements

        [|
            for question in questions do
                let about = if isNothing then elements else question.Of tile elements

                match question.Asked, about with
                | _ when isNothing -> [||]
                | Asked.Sum, (:? FoldedElements as folded) -> folded.Sums
                | Asked.Sum, reduced when reduced.Kind = ElementKind.Reduced ->
                    invalidOp
                        $"{about.Name} is reduced to one value, which does not add up over anchors: a loss whose AnchorsAreIndependent is true gives one value an anchor, pair or triplet."
                | Asked.Sum, _ -> [| about.Sum() |]
                | Asked.Count, _ -> [| about.Count() |]
                | Asked.Mean, _ ->
                    match about with
                    | :? MaskedElements as masked -> noneIsZero <- noneIsZero && masked.NoneIsZero
                    | _ -> ()

                    [| about.Sum(); about.Count() |]
                | Asked.Divisor, _ ->
                    match about.Divisor with
                    | null -> [||]
                    | divisor -> [| divisor |]
        |]

    /// Two truths: it has some value; a mean of none is not 0. Each is true of all tiles if it is of any.
    member _.Findings
        with get (): bool[] = [| not isEmpty; not noneIsZero |]
        and set (found: bool[]) =
            isEmpty <- not found[0]
            noneIsZero <- not found[1]

    /// From now on questions are answered, by sums over all tiles, in their order.
    member _.Answer(sums: torch.Tensor[][]) : unit =
        answers <- ValueSome sums
        next <- 0

    member _.Sum change : torch.Tensor =
        let sums = ask Asked.Sum change
        if answers.IsNone then sums[0] else fold sums

    member _.Count change : torch.Tensor = (ask Asked.Count change)[0]

    member _.Mean change : torch.Tensor =
        let sums = ask Asked.Mean change
        let mean = sums[0] / Numeric.atLeastOne sums[1]

        if noneIsZero then
            mean
        else
            mean.masked_fill (sums[1].eq(Numeric.scalar 0.0), Numeric.scalar nan)

    member _.Divisor change : torch.Tensor | null =
        match ask Asked.Divisor change with
        | [||] -> null
        | found -> found[0]

    interface IDisposable with
        member _.Dispose() =
            for tensor in kept do
                tensor.Dispose()

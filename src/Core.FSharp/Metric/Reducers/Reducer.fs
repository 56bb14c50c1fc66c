namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// Reduces the elements of a loss to a scalar. A reducer of your own gives `ReduceElements`.
[<AbstractClass>]
type Reducer
    /// <param name="name">Name of the reducer's class.</param>
    /// <param name="statisticNames">Names of the statistics that it records besides `losses_size`.</param>
    (name: string, [<ParamArray>] statisticNames: string[]) =
    inherit MetricPart(name, Array.append [| "losses_size" |] statisticNames)

    /// The scalar. `elements` has elements (as far as is known without waiting for the device) and is not yet reduced;
    /// `labels` are those of `embeddings`.
    abstract ReduceElements:
        elements: LossElements * embeddings: torch.Tensor * labels: torch.Tensor | null -> torch.Tensor

    /// True if `ReduceElements` makes its scalar of sums and counts alone, so that a batch may be reduced anchor tile by anchor
    /// tile (`Loss.MaxMemory`): it asks the elements for `Sum`, `Count`, `Mean`, `Divisor`, `Between` and `WeightedByClass`
    /// and nothing else, and asks the same in every call. It is called twice for one loss then. By default false: all
    /// values are there at once.
    abstract IsSumOverCount: bool

    default _.IsSumOverCount = false

    /// True if `Reduce` takes any number of parts, as a reducer that distributes them does.
    abstract TakesAllParts: bool

    default _.TakesAllParts = false

    /// The reducers that parts are distributed to, by the name of the part; none for a reducer that reduces itself.
    abstract ByPart: IReadOnlyDictionary<string, Reducer>

    default _.ByPart = Dictionary<string, Reducer>()

    /// The parts of a loss as one scalar. Most reducers take one part only.
    abstract Reduce:
        elements: IReadOnlyList<LossElements> * embeddings: torch.Tensor * labels: torch.Tensor | null -> torch.Tensor

    default this.Reduce(elements, embeddings, labels) =
        Arguments.noneNull (nameof elements) elements |> ignore

        if elements.Count <> 1 then
            let names = elements |> Seq.map _.Name |> String.concat ", "

            invalidArg
                (nameof elements)
                $"A single reducer takes one part of a loss, not {elements.Count} ({names}): use MultipleReducers."

        this.ReduceOne(elements[0], embeddings, labels)

    /// One part of a loss: already reduced values pass, nothing at all is a zero loss, the rest is `ReduceElements`.
    member this.ReduceOne
        (elements: LossElements, embeddings: torch.Tensor, labels: torch.Tensor | null)
        : torch.Tensor =
        ArgumentNullException.ThrowIfNull(elements, nameof elements)
        ArgumentNullException.ThrowIfNull(embeddings, nameof embeddings)
        this.BeginCall()

        if elements.Kind = ElementKind.Reduced || elements.IsEmpty then
            this.Statistics.Record("losses_size", 1.0)
        else
            this.Statistics.Record("losses_size", fun () -> elements.Count())

        if elements.Kind = ElementKind.Reduced then elements.Sum()
        elif elements.IsEmpty then Reducer.Zero embeddings
        else this.ReduceElements(elements, embeddings, labels)

    /// A zero that depends on the embeddings, so that `backward` works and gives zero gradients; NaN if they hold a NaN or
    /// an infinity.
    static member Zero(embeddings: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(embeddings, nameof embeddings)
        Numeric.sum (embeddings .* 0.0)

    /// The same reducer with statistics of its own: a loss gives one to each of its parts.
    member this.Copy() : Reducer = this.WithOwnStatistics() :?> Reducer

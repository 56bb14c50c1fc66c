namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// Options of the manifold loss. Its parameter is `proxies` (K × l).
[<RequireQualifiedAccess>]
type Manifold =
    {
        /// How wide embeddings are.
        L: int
        /// How many proxies there are.
        K: int
        /// The weight of the context loss; 0 leaves it out.
        LambdaC: double
        /// How far similarity spreads from neighbour to neighbour; above 0 and below 1.
        Alpha: double
        /// How much nearer a sample should be to its own proxy than to others.
        Margin: double
    }

/// Similarity that spreads along the manifold on which embeddings and learned proxies lie: each sample should be nearer to
/// its proxy than to the others, by the spread similarity and by the context of both (Aziere & Todorovic 2019, "Ensemble deep
/// manifold similarity learning using hard proxies").
module Manifold =

    /// As documented.
    let defaults (l: int) : Manifold =
        {
            L = l
            K = 50
            LambdaC = 1.0
            Alpha = 0.8
            Margin = 5e-4
        }

    /// The parameter's name.
    let parameter = "proxies"

    /// Distance and reducer where none is given: cosine similarity; the loss is one value already, whatever the reducer.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> MeanReducer())

    /// An error unless the options make sense.
    let check (options: Manifold) : unit =
        if options.L < 1 || options.K < 1 then
            invalidArg
                (nameof options)
                $"ManifoldLoss needs at least one dimension and one proxy; it was given {options.L} and {options.K}."

        if not (options.LambdaC >= 0.0) then
            invalidArg (nameof options) $"lambdaC is the weight of the context loss and cannot be {options.LambdaC}."

        if not (options.Alpha > 0.0 && options.Alpha < 1.0) then
            invalidArg (nameof options) $"alpha must be above 0 and below 1; it is {options.Alpha}."

    /// The proxies as they start: standard normal numbers.
    let initial (options: Manifold) : torch.Tensor =
        check options
        torch.randn (int64 options.K, int64 options.L)

    /// A proxy for each of `count` samples at random: every proxy once before one is taken again.
    let randomMetaClasses (options: Manifold) (count: int64) (seed: Seed) : int64[] =
        let once = Seed.shuffle [| 0L .. int64 options.K - 1L |] seed

        [|
            for row in 0L .. count - 1L ->
                if row < int64 options.K then
                    once[int row]
                else
                    Seed.below (int64 options.K) row (Seed.derive "repeated" 0L seed)
        |]

    /// Numbers of proxies as given, or an error.
    let checkMetaClasses (options: Manifold) (embeddings: torch.Tensor) (metaClasses: torch.Tensor) : torch.Tensor =
        if
            metaClasses.dim () <> 1L
            || metaClasses.size 0 <> embeddings.size 0
            || metaClasses.is_floating_point ()
        then
            invalidArg
                (nameof metaClasses)
                $"metaClasses must be a vector of {embeddings.size 0} whole numbers, a proxy for each embedding."

        let given = metaClasses.``to`` (torch.ScalarType.Int64, embeddings.device)

        if
            given.size 0 > 0L
            && (given.min().item<int64>() < 0L || given.max().item<int64>() >= int64 options.K)
        then
            invalidArg (nameof metaClasses) $"metaClasses are numbers of proxies, from 0 to {options.K - 1}."

        given

    // (I − α S̄)⁻¹ (1 − α), with S̄ the similarity of all to all, normalised.
    let private spread (options: Manifold) (distance: Distance) (all: torch.Tensor) : torch.Tensor =
        let self =
            torch.eye (all.size 0, dtype = torch.ScalarType.Bool, device = all.device)

        let near =
            (distance.Matrix(all, null).relu() / 0.5).exp().masked_fill(self, Numeric.scalar 0.0)

        let root = near.sum([| 1L |], true).rsqrt()
        let normal = near * root * root.t ()
        let identity = torch.eye (all.size 0, dtype = all.dtype, device = all.device)
        torch.linalg.inv (identity - normal * options.Alpha) * (1.0 - options.Alpha)

    // log(1 + Σ eˣ) over the other proxies that come within the margin, averaged over samples.
    let private ranking (options: Manifold) (toProxies: torch.Tensor) (own: torch.Tensor) : torch.Tensor =
        let violation = toProxies - toProxies.gather (1L, own.unsqueeze 1L) + options.Margin
        let others = (ProxyNCA.ownClass own options.K).logical_not()
        let counted = violation.detach().ge(Numeric.scalar 0.0).logical_and others
        (LogSumExp.withOne 1L counted violation).mean()

    /// One value for the batch; `metaClasses` (N) says which proxy each sample belongs to.
    let elements
        (options: Manifold)
        (distance: Distance)
        (proxies: torch.Tensor)
        (metaClasses: torch.Tensor)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        if not (isNull input.Labels) || not input.IsSelf then
            invalidArg
                "labels"
                "ManifoldLoss takes neither labels nor reference embeddings: give metaClasses, or nothing."

        match input.Tuples with
        | Tuples.All -> ()
        | _ -> invalidArg "tuples" "ManifoldLoss takes no tuples: give metaClasses, or nothing."

        if input.Embeddings.size 1 <> int64 options.L then
            invalidArg
                "embeddings"
                $"This loss was made for embeddings of {options.L} numbers; these have {input.Embeddings.size 1}."

        let count = input.Embeddings.size 0

        if count = 0L then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            // There is no inverse in 16 bits.
            let wide (rows: torch.Tensor) =
                if Numeric.isHalf rows.dtype then
                    rows.``float`` ()
                else
                    rows

            let all = torch.cat ([| wide input.Embeddings; wide proxies |], 0L)
            let spread = spread options distance all

            let ofSamples, ofProxies =
                spread.narrow (0L, 0L, count), spread.narrow (0L, count, int64 options.K)

            let intrinsic () =
                ranking options (ofSamples.narrow (1L, count, int64 options.K)) metaClasses

            let context () =
                let cosines =
                    (torch.nn.functional.normalize ofSamples).mm((torch.nn.functional.normalize ofProxies).t())

                ranking options cosines metaClasses * options.LambdaC

            let loss =
                if options.LambdaC = 0.0 then
                    intrinsic ()
                elif Double.IsPositiveInfinity options.LambdaC then
                    context ()
                else
                    intrinsic () + context ()

            [| ElementsOf.Reduced("loss", loss) |]

    /// The random proxies of an input's samples, from its seed.
    let drawn (options: Manifold) (input: MetricInput) : torch.Tensor =
        let numbers = randomMetaClasses options (input.Embeddings.size 0) input.Seed
        torch.tensor(numbers).``to`` input.Embeddings.device

    type private ManifoldFormula(settings: LossSettings, options: Manifold) as this =
        inherit Loss(settings)
        do this.Learn(parameter, initial options)
        override _.TakesReferences = false

        override this.ComputeLoss input =
            let proxies = this.Learned(parameter, input.Embeddings)
            elements options this.Distance proxies (drawn options input) input

    /// The loss, with settings beyond its own options. Samples belong to random proxies.
    let lossWith (given: LossSettings) (options: Manifold) : Loss =
        new ManifoldFormula(settings given, options)

    /// The loss.
    let loss (options: Manifold) : Loss = lossWith LossSettings.defaults options

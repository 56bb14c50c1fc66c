namespace MetricLearning.Core.Regularizers

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Options of the cost of many centres a class.
[<RequireQualifiedAccess>]
type SparseCenters =
    {
        /// How many classes there are.
        NumClasses: int
        /// How many rows each has, side by side.
        CentersPerClass: int
    }

/// Centres of one class that lie apart cost, so that a class does not have more than it needs (Qian et al. 2019,
/// "SoftTriple loss").
module SparseCenters =

    /// The default similarity.
    let distance () =
        Distances.Cosine.distance Distances.Cosine.defaults

    /// The default reducer: the sum by twice the number of pairs.
    let reducer () = Reducers.Divisor.reducer ()

    /// An error unless the distance is the cosine, which the formula is made for.
    let check (distance: Distance) =
        if distance.Kind <> DistanceKind.Cosine then
            invalidArg (nameof distance) "SparseCentersRegularizer needs CosineSimilarity: leave the distance out."

    /// An error unless there are pairs of centres.
    let checkOptions (options: SparseCenters) =
        if options.NumClasses < 1 || options.CentersPerClass < 2 then
            invalidArg
                (nameof options)
                $"SparseCentersRegularizer needs at least one class and two centres a class; it was given {options.NumClasses} and {options.CentersPerClass}."

    /// The names of its statistics: the mean cosine of two centres of one class, and of two classes.
    let statistics = [| "same_class_center_sim"; "diff_class_center_sim" |]

    let private recordMeans (options: SparseCenters) (record: Statistics) (distance: Distance) (rows: torch.Tensor) =
        let mean (isOfOneClass: bool) () =
            let cosines = distance.Matrix(rows, null)
            let labels = torch.arange (int64 options.NumClasses, device = rows.device)
            let labels = labels.repeat_interleave (int64 options.CentersPerClass)

            let chosen =
                if isOfOneClass then
                    Tuples.matches labels null
                else
                    Tuples.differs labels null

            cosines.masked_select(chosen).mean()

        record.Record(statistics[0], mean true)
        record.Record(statistics[1], mean false)

    /// √(2 − 2 cos) of every two rows (C·K × D) of one class.
    let elements
        (options: SparseCenters)
        (record: Statistics)
        (distance: Distance)
        (rows: torch.Tensor)
        : LossElements =
        let classes, centers = int64 options.NumClasses, int64 options.CentersPerClass

        if rows.size 0 <> classes * centers then
            invalidArg
                (nameof rows)
                $"SparseCentersRegularizer was made for {classes} classes of {centers} centres; there are {rows.size 0} rows."

        recordMeans options record distance rows

        let similarities =
            let normal = distance.Normalize(rows).reshape(classes, centers, rows.size 1)
            let cosines = normal.bmm (normal.transpose (1L, 2L))

            if distance.Power = 1.0 then
                cosines
            else
                cosines.pow (Numeric.scalar distance.Power)

        let first, second =
            [|
                for i in 0L .. centers - 1L do
                    for j in i + 1L .. centers - 1L -> i, j
            |]
            |> Array.unzip

        let index (numbers: int64[]) =
            torch.tensor (numbers, device = rows.device)

        // The root of 0 has no finite slope, and centres that have become one should stay as they are.
        let gaps =
            (2.0
             - 2.0
               * similarities.flatten(1L).index_select(1L, index (Array.map2 (fun i j -> i * centers + j) first second)))
                .clamp_min(Numeric.scalar (Numeric.tiny rows.dtype))

        let firstRows =
            (torch.arange(classes, device = rows.device).unsqueeze 1L * centers
             + (index first).unsqueeze 0L)
                .flatten()

        let divisor = torch.tensor (2L * gaps.NumberOfElements, device = rows.device)
        MaskedElements("loss", ElementKind.Element, gaps.sqrt().flatten(), null, [| firstRows |], divisor, null, true)

    /// The regularizer.
    let regularizer (options: SparseCenters) : Regularizer =
        checkOptions options
        let cosine = distance ()

        { new Regularizer(reducer (), null, cosine, Nullable(), statistics) with
            override this.ComputeLoss rows =
                elements options this.Statistics cosine rows
        }

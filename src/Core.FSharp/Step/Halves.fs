namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// The losses of a batch in two halves. The first maps each sample by itself; the second sees all rows that come out of it.
[<Sealed>]
type Halves internal (rows: Context -> Batch -> Rows, whole: Context -> Rows -> Losses) =

    /// The first half: networks up to the cut.
    member _.Rows: Context -> Batch -> Rows = rows

    /// The second half: mining, losses and heads.
    member _.Whole: Context -> Rows -> Losses = whole

/// Making and using the two halves of a recipe.
module Halves =

    /// The two halves, cut where `rows` ends and `whole` begins.
    let cut (rows: Context -> Batch -> 'Rows) (whole: Context -> 'Rows -> Losses) : Halves when 'Rows :> IRows<'Rows> =
        Halves((fun ctx batch -> (rows ctx batch).ToRows()), (fun ctx rows -> whole ctx ('Rows.OfRows rows)))

    /// The losses of a batch: both halves as one graph.
    let losses (halves: Halves) (ctx: Context) (batch: Batch) : Losses =
        batch |> halves.Rows ctx |> halves.Whole ctx

namespace MetricLearning

open MetricLearning.Core

/// A rectangle within a picture, drawn at random.
[<Struct; NoComparison; NoEquality>]
type internal RandomPart =
    {
        Top: float32
        Left: float32
        Height: float32
        Width: float32
    }

module internal RandomPart =

    /// A part of `low` to `high` of the area, whose ratio of width to height is `ratio` times up to `most` or down to its inverse,
    /// as far as it fits, at any place.
    let draw (low: float) (high: float) (ratio: float32) (most: float32) (height: int) (width: int) seed : RandomPart =
        let height, width = float32 height, float32 width
        let area = Draws.between (float32 low) (float32 high) 0 seed * height * width
        let ratio = ratio * Draws.factor (1f / most) most 1 seed
        let partHeight = min height (sqrt (area / ratio))
        let partWidth = min width (sqrt (area * ratio))

        {
            Top = Draws.between 0f (height - partHeight) 3 seed
            Left = Draws.between 0f (width - partWidth) 2 seed
            Height = partHeight
            Width = partWidth
        }

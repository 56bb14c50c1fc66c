namespace MetricLearning

/// The ways in which a picture of one shape is brought to the height and width of another.
type PictureFit =
    /// Stretched: nothing is lost, proportions change.
    | Stretch = 0
    /// Enlarged or reduced until it covers the whole, what sticks out cropped on both sides.
    | Cover = 1
    /// Enlarged or reduced until all of it is inside, transparent beside it.
    | Contain = 2

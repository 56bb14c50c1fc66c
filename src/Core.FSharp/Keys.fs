namespace MetricLearning.Core

/// placeholder
module Keys =

    let trunk = "trunk"

namespace MetricLearning.Core

/// What all threads share: libtorch's CPU generator and the modules.
module internal World =

    /// Who changes them holds it.
    let gate = obj ()

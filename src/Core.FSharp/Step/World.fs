namespace MetricLearning.Core

open MetricLearning

/// libtorch's CPU generator and the modules are shared by all threads.
module internal World =

    /// Who changes them holds it.
    let gate = obj ()

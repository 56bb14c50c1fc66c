namespace MetricLearning.Core

/// State that all threads share.
module internal Locks =

    /// Held while modules, or libtorch's generators, are changed.
    let modulesAndGenerators = obj ()

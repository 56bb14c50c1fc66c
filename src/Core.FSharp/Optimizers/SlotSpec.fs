namespace MetricLearning

/// A number that a rule keeps for each weight from step to step: its name, as in PyTorch, and its first value.
type internal SlotSpec =
    {
        /// Its name, as in PyTorch.
        Name: string
        /// What it starts from.
        Fill: float
    }

/// Naming slots.
module internal SlotSpec =

    /// A slot that starts at zero.
    let zero (name: string) : SlotSpec = { Name = name; Fill = 0.0 }

namespace MetricLearning.Core

/// A trainer as a value: what it takes, what an iteration of it does, and the losses it minimises.
type Recipe =
    { /// The keys it knows.
      Schema: Schema
      /// What the next iteration does.
      Decide: Roster -> Progress -> Plan
      /// The losses of a batch.
      Objective: Context -> Batch -> Losses }

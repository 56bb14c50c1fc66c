namespace MetricLearning.Core

/// The exchange at the cut between the two halves when several make the rows of one batch.
[<ReferenceEquality>]
type internal Exchange =
    {
        /// From the rows that were made here, if there are any, to those of the whole batch. Gradients must reach the rows made
        /// here.
        Gather: Rows voption -> Rows
        /// Runs the action that adds the gradients of the first half. Before it, the parameters' gradients are those of the
        /// second half alone.
        AddRows: (unit -> unit) -> unit
        /// The number of micro-batches that others make of the rows before those made here.
        FirstPart: int64
    }

/// Who makes the rows.
module internal Exchange =

    /// All rows are made here.
    let alone: Exchange =
        {
            Gather = ValueOption.get
            AddRows = fun add -> add ()
            FirstPart = 0L
        }

namespace MetricLearning

open TorchSharp

/// Counts pairs of a whole batch by their labels without a mask of all of them at once.
module internal LabelBlocks =

    // Pairs that are compared at once.
    let private atOnce = 1L <<< 24

    // Where each sample itself lies in the reference set; null: nowhere.
    let private ownPlaces (input: MetricInput) : torch.Tensor | null =
        match input.OwnPlaces with
        | null when isNull input.RefLabels -> Numeric.upTo (input.Embeddings.size 0) input.Embeddings.device
        | given -> given

    /// The sum of what `count` makes of masks of some anchors: which of the reference set match, and which differ; an int64 scalar.
    let sum (input: MetricInput) (count: struct (torch.Tensor * torch.Tensor) -> torch.Tensor) : torch.Tensor =
        let labels = input.RequireLabels()

        let references =
            match input.RefLabels with
            | null -> labels
            | given -> given

        let own = ownPlaces input
        let rows = labels.size 0
        let size = max 1L (atOnce / max 1L (references.size 0))

        let total =
            torch.zeros ([||], dtype = torch.ScalarType.Int64, device = labels.device)

        for first in 0L .. size .. rows - 1L do
            use _ = torch.NewDisposeScope()

            let here (numbers: torch.Tensor) =
                numbers.narrow (0L, first, min size (rows - first))

            let struct (matches, differs) =
                LabelMasks.matrices input.Comparison (here labels) references

            match own with
            | null -> ()
            | places ->
                let column = (here places).unsqueeze 1L
                let none = torch.zeros_like (column, dtype = torch.ScalarType.Bool)

                for mask in [| matches; differs |] do
                    mask.scatter_ (1L, column, none) |> ignore

            total.add_ (count (struct (matches, differs)), Numeric.whole 1L) |> ignore

        total

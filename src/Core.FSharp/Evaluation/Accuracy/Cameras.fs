namespace MetricLearning

open TorchSharp

/// The cameras, or sequences, that took queries and references. In re-identification a query is not to find what its own camera saw of
/// the same class: such references are left out of its ranking.
[<ReferenceEquality>]
type internal Cameras =
    {
        /// (Q) int64.
        OfQueries: torch.Tensor
        /// (R) int64.
        OfReferences: torch.Tensor
    }

module internal Cameras =

    let private check (name: string) (cameras: torch.Tensor) (rows: int64) : unit =
        if cameras.dim () <> 1L || cameras.size 0 <> rows then
            invalidArg
                name
                $"Cameras must be a vector, one number a sample; these have the shape {Shape.show cameras.shape}, and there are {rows} samples."

        if cameras.is_floating_point () then
            invalidArg name "The numbers of cameras must be integers."

    /// The cameras of queries and of references, on a device; none where there are none. Without a reference, it is the query.
    let create
        (device: torch.Device)
        (queries: int64)
        (references: int64 voption)
        (ofQueries: torch.Tensor | null)
        (ofReferences: torch.Tensor | null)
        : Cameras voption =
        let here (cameras: torch.Tensor) =
            cameras.detach().``to``(device).to_type torch.int64

        let ofBoth (own: torch.Tensor) : Cameras =
            check "queryCameras" own queries

            match references, ofReferences with
            | ValueNone, null ->
                {
                    OfQueries = here own
                    OfReferences = here own
                }
            | ValueNone, _ ->
                invalidArg
                    "referenceCameras"
                    "There are cameras of references but no references: give both, or neither."
            | ValueSome references, others ->
                match others with
                | null ->
                    invalidArg "referenceCameras" "There are cameras of queries and none of references: give both."
                | others ->
                    check "referenceCameras" others references

                    {
                        OfQueries = here own
                        OfReferences = here others
                    }

        match ofQueries, ofReferences with
        | null, null -> ValueNone
        | null, _ -> invalidArg "queryCameras" "There are cameras of references and none of queries: give both."
        | own, _ -> ValueSome(ofBoth own)

    /// The neighbours (n × K) of some queries, those that are left out in the last places, where they match nothing.
    let leaveOut
        (cameras: Cameras)
        (queries: torch.Tensor)
        (matches: torch.Tensor)
        (distances: torch.Tensor)
        (indices: torch.Tensor)
        : struct (torch.Tensor * torch.Tensor * torch.Tensor) =
        let own = cameras.OfQueries.index_select (0L, queries)

        let others =
            cameras.OfReferences.index_select(0L, indices.reshape [| -1L |]).reshape indices.shape

        let isLeftOut = matches.logical_and (own.unsqueeze(1L).eq others)
        let struct (_, order) = isLeftOut.to_type(torch.uint8).sort(1L, false, true)
        let inOrder (tensor: torch.Tensor) = tensor.gather (1L, order)

        struct (inOrder (matches.logical_and (isLeftOut.logical_not ())), inOrder distances, inOrder indices)

namespace MetricLearning

open System
open System.Collections.Generic
open System.IO
open TorchSharp

/// Indexes in files: sealed safetensors with the tensors `items.vectors` and `items.table`, alone or beside the networks of a model.
module internal IndexFile =

    let private format = "MetricLearning.Items"
    let private vectorsName = "items.vectors"
    let private tableName = "items.table"
    let private distanceName = "items_distance"

    /// Items, and their vectors (N × D) for a distance, as tensors and strings.
    let contentOf (distance: Distance) (items: IndexItem[]) (vectors: torch.Tensor) : InferenceExtra =
        {
            Tensors =
                [|
                    struct (vectorsName, vectors)
                    struct (tableName, torch.tensor (ItemsJson.write items, dtype = torch.uint8))
                |]
            Metadata = [ distanceName, InferenceFile.describe distance ]
        }

    /// Writes them alone.
    let write (path: string) (content: InferenceExtra) : unit = SealedFile.write path format content

    let private checkShapes (path: string) (file: SafetensorsFile) : unit =
        let vectors, table = file.Entry vectorsName, file.Entry tableName

        if vectors.Shape.Length <> 2 then
            SealedFile.refuse path "has vectors of items that are no matrix."

        if table.Shape.Length <> 1 || table.Dtype <> torch.ScalarType.Byte then
            SealedFile.refuse path "has a table of items that is no text."

    let private itemsOf (path: string) (file: SafetensorsFile) : IndexItem[] =
        use table = file.Tensor tableName

        try
            ItemsJson.read (
                if table.numel () = 0L then
                    [||]
                else
                    table.data<byte>().ToArray()
            )
        with :? InvalidDataException as error ->
            SealedFile.refuse path error.Message

    /// The items of a file, and their vectors (N × D), which are for this distance.
    /// InvalidDataException for a file that was damaged, is something else or of another version, or has no items; ArgumentException
    /// when its vectors are for another distance.
    let read (path: string) (distance: Distance) : struct (IndexItem[] * torch.Tensor) =
        use file =
            SealedFile.openAs
                path
                [ format; InferenceFile.format ]
                "an index or inference model that this library saved"

        if not (file.Contains vectorsName) then
            SealedFile.refuse path "has no items: it was saved without an index of items."

        let own = InferenceFile.describe distance

        match file.Metadata.TryGetValue distanceName with
        | true, saved when saved = own -> ()
        | true, saved ->
            raise (
                ArgumentException
                    $"The items of \"{path}\" are compared by {saved}, and this search compares by {own}: load them with a search by that distance."
            )
        | _ -> SealedFile.refuse path "does not say by which distance its items are compared."

        checkShapes path file
        let items = itemsOf path file
        let vectors = SealedFile.embeddingsOf path (file.Tensor vectorsName)

        if vectors.size 0 <> items.LongLength then
            SealedFile.refuse path $"has {items.Length} items and {vectors.size 0} vectors."

        struct (items, vectors)

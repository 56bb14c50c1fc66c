namespace MetricLearning

open System.Collections.Generic
open System.Text.Json
open TorchSharp
open MetricLearning.Core

/// Labels that are strings, in the numbers that they have in one process: each of several has read only some of them.
module internal SharedLabels =

    // The strings of every process by the numbers that they have there.
    let private tables (processes: Processes) (own: string[]) : string[][] =
        let text = JsonSerializer.SerializeToUtf8Bytes own

        let lengths =
            processes.Meeting.Meet(Occasion.Embeddings, [| text.LongLength |])
            |> Array.map Array.head

        use bytes = torch.tensor text
        use all = processes.Collective.Gather(bytes, lengths)
        let all = all.data<byte>().ToArray()
        let starts = Array.scan (+) 0L lengths

        Array.init lengths.Length (fun rank ->
            let part = Array.sub all (int starts[rank]) (int lengths[rank])
            nonNull (JsonSerializer.Deserialize<string[]> part))

    // One column of labels, the rows of the processes one after the other, each in the numbers of its process, whose strings are `own`.
    // Strings that have no number yet get theirs in the order of rows, as in one process. Then all strings by their numbers.
    let private column
        (processes: Processes)
        (names: LabelNames)
        level
        (own: string[])
        (rows: int64[])
        (column: int64[])
        =
        let tables =
            tables processes own
            |> Array.map (fun words -> names.Settle(level, names.Draft words))

        if tables |> Array.forall Array.isEmpty then
            struct (column, [||])
        else
            let starts = Array.scan (+) 0L rows

            let settled =
                Array.concat
                    [
                        for rank in 0 .. rows.Length - 1 do
                            Array.sub column (int starts[rank]) (int rows[rank])
                            |> Array.map (fun number -> tables[rank][int number])
                    ]

            struct (settled, names.Of level)

    /// The options by which one of several processes reads its samples: strings have numbers of its own.
    let apart (options: EmbeddingOptions) : EmbeddingOptions =
        match options.Names with
        | null -> options
        | _ -> EmbeddingOptions.naming { options with Names = LabelNames() }

    /// Labels (N × levels) that processes have read apart, and the strings that they stand for.
    let settle (options: EmbeddingOptions) (apart: EmbeddingOptions) (rows: int64[]) (labels: torch.Tensor) =
        let columns = int (labels.size 1)

        match options.Names with
        | names when not (isNull names) && options.Reading.Labels.IsIdentity ->
            let names = nonNull names
            use here = labels.cpu().contiguous()
            let all = here.data<int64>().ToArray()

            let known =
                Array.init columns (fun place ->
                    let level = EmbeddingOptions.levelOf options place
                    let own = apart.Reading.Labels.Names level

                    Array.init (all.Length / columns) (fun row -> all[row * columns + place])
                    |> column options.Processes names level own rows)

            let settled =
                torch.tensor (
                    Array2D.init (all.Length / columns) columns (fun row place ->
                        let struct (numbers, _) = known[place]
                        numbers[row])
                )

            let strings =
                known |> Array.map (fun struct (_, strings) -> strings :> IReadOnlyList<string>)

            struct (settled.``to`` labels.device, strings :> IReadOnlyList<IReadOnlyList<string>>)
        | _ -> struct (labels, EmbeddingOptions.namesOf apart (int64 columns))

    /// Meets to embed so many samples in batches of a size.
    /// Raises InvalidOperationException when processes embed different data sets.
    let meet (processes: Processes) (count: int64) (batchSize: int) : EmbeddingShares =
        processes.Meeting.Agree(
            Occasion.Embeddings,
            [| count; int64 batchSize |],
            [
                "embed different numbers of samples. Give every process the whole data set; it embeds its share."
                "embed in batches of different sizes. Give the same BatchSize in every process."
            ]
        )
        |> ignore

        EmbeddingShares.create processes.Rank processes.Count count batchSize

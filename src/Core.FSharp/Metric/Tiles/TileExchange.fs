namespace MetricLearning

open System
open TorchSharp
open MetricLearning.Core

/// Messages of processes that share the tiles of a batch.
module internal TileExchange =

    // Where no tile of this process had any value, there are zeros.
    let private totals (sums: TileSums) (zeros: torch.Tensor[][]) : torch.Tensor[] =
        [|
            for question in 0 .. zeros.Length - 1 do
                match sums.Totals with
                | totals when totals.Length > 0 && totals[question].Length > 0 -> yield! totals[question]
                | _ -> yield! zeros[question]
        |]

    let private kinds (totals: torch.Tensor[]) : int64 =
        Fingerprint.ofNumbers
            [|
                for total in totals do
                    int64 total.dtype
                    total.numel ()
            |]

    let private numbersOf (flags: bool[]) : torch.Tensor =
        torch.tensor (flags |> Array.map (fun flag -> if flag then 1.0 else 0.0))

    let private cut (vector: torch.Tensor) (likes: torch.Tensor[]) : torch.Tensor[] =
        vector.split (likes |> Array.map (fun like -> like.numel ()), 0L)

    /// Adds the sums of all processes; what is returned are the places of sums that any process has found. `zeros`: of the sums of a
    /// tile that all have seen. None, and nothing is added, if they did not find the same kinds of things in their tiles.
    let add
        (team: TileTeam)
        (shares: Shares)
        (sums: TileSums)
        (zeros: torch.Tensor[][])
        (places: Set<struct (int * int)>)
        =
        let own = totals sums zeros

        if not (team.AreAlike(Fingerprint.ofNumbers [| shares.Fingerprint; kinds own |])) then
            None
        else
            use _ = torch.NewDisposeScope()
            let findings = sums.Parts |> Array.collect _.Findings

            let known =
                [|
                    for question in 0 .. zeros.Length - 1 do
                        for number in 0 .. zeros[question].Length - 1 do
                            struct (question, number)
                |]

            // Counts are exact in 64 bits.
            let told =
                [|
                    for total in own do
                        total.reshape(-1L).``to``(torch.float64, torch.CPU)

                    numbersOf findings
                    numbersOf (known |> Array.map places.Contains)
                |]

            let vector = torch.cat (told, 0L)
            team.Sum [| vector |]
            let heard = cut vector told

            sums.Totals <-
                zeros
                |> Array.mapi (fun question numbers ->
                    numbers
                    |> Array.mapi (fun number like ->
                        let place = Array.IndexOf(known, struct (question, number))
                        (heard[place].reshape(like.shape).``to``(like.dtype, like.device)).MoveToOuterDisposeScope()))

            let isAnywhere (flags: torch.Tensor) =
                flags.data<float>().ToArray() |> Array.map (fun count -> count > 0.0)

            let found = isAnywhere heard[own.Length]

            sums.Parts
            |> Array.iteri (fun place part -> part.Findings <- found[2 * place .. 2 * place + 1])

            isAnywhere heard[own.Length + 1]
            |> Array.zip known
            |> Array.filter snd
            |> Array.map fst
            |> Set.ofArray
            |> Some

    /// Gives shared tensors the gradients of all processes.
    let addGradients (team: TileTeam) (shared: SharedTensor[]) : unit =
        if team.IsSeveral && shared.Length > 0 then
            use _ = torch.NewDisposeScope()
            use present = numbersOf (shared |> Array.map (fun one -> not (isNull one.Gradient)))
            team.Sum [| present |]

            team.Sum
                [|
                    for place, count in Seq.indexed (present.data<float>().ToArray()) do
                        if count > 0.0 then
                            shared[place].Total
                |]

namespace MetricLearning

open System
open TorchSharp

/// The gradients of what the tiles of a batch read: what they share, and what the loss learns.
[<Sealed>]
type internal GradientsOfTiles(shares: Shares, parameters: torch.Tensor[]) =

    let learned = [| for parameter in parameters -> new SharedTensor(parameter, true) |]
    let all () = Seq.append shares.All learned

    // What was computed tile by tile before other tiles read it.
    let isByTile (shared: SharedTensor) : bool =
        shares.ByTile
        |> Seq.exists (fun rows -> obj.ReferenceEquals(rows.Shared, shared))

    /// Adds the gradients of a tile's outputs, times their weights (null: 1), to those of what it read.
    member _.Backward(outputs: torch.Tensor[], weights: torch.Tensor[] | null) : unit =
        let leaves =
            [|
                for shared in shares.All do
                    if shared.Learns then
                        for struct (first, leaf) in shared.Leaves do
                            struct (shared, first, leaf)

                for place in 0 .. parameters.Length - 1 do
                    struct (learned[place], ValueNone, parameters[place])
            |]

        let gradients =
            TileGraph.gradients false outputs weights [| for struct (_, _, leaf) in leaves -> leaf |]

        for number in 0 .. leaves.Length - 1 do
            match gradients[number] with
            | null -> ()
            | gradient ->
                let struct (shared, first, _) = leaves[number]
                shared.Add(first, gradient)

    /// Drops all gradients.
    member _.Forget() : unit =
        for shared in all () do
            shared.Gradient <- null

    /// All gradients, times a weight (null: 0).
    member _.Scale(weight: torch.Tensor | null) : unit =
        for shared in all () do
            match shared.Gradient, weight with
            | null, _ -> ()
            | _, null -> shared.Gradient <- null
            | gradient, weight -> gradient.mul_ (weight.to_type gradient.dtype) |> ignore

    /// Adds the gradients of all processes, but for those of what was computed tile by tile before.
    member _.AddOver(team: TileTeam) : unit =
        all ()
        |> Seq.filter (isByTile >> not)
        |> Seq.toArray
        |> TileExchange.addGradients team

    /// The loss with these gradients. `areCompared`: what the loss learns has one at least of 0.
    member _.Connect(loss: torch.Tensor, areCompared: bool) : torch.Tensor =
        if areCompared then
            for shared in learned do
                shared.Total |> ignore

        let known =
            [|
                for shared in all () do
                    match shared.Gradient with
                    | NonNull gradient when shared.Outer.requires_grad ->
                        struct (shared.Outer, gradient.to_type shared.Outer.dtype)
                    | _ -> ()
            |]

        if known.Length = 0 then
            loss
        else
            let tensors = [| for struct (tensor, _) in known -> tensor |]
            let gradients = [| for struct (_, gradient) in known -> gradient |]
            loss .+. TileGradient.Of(torch.zeros_like loss, tensors, gradients)

    interface IDisposable with
        member _.Dispose() =
            for parameter in learned do
                (parameter :> IDisposable).Dispose()

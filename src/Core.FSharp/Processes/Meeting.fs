namespace MetricLearning.Core

open System
open TorchSharp

/// The points at which processes meet. Before they compute something together, each says how it is and what it has come for. A
/// process that fails says so wherever the others meet next, so that all of them fail there, and none waits for ever.
[<Sealed>]
type internal Meeting(collective: Collective) =

    // A condition, an occasion, and what there is to tell of it.
    static let length = 16

    let count = collective.Count
    // A failure in a place that no exception leaves: it is raised where the processes meet next.
    let mutable deferred: exn option = None

    let header (condition: Condition) (occasion: int64) (numbers: int64[]) : int64[] =
        let header = Array.zeroCreate length
        header[0] <- int64 condition
        header[1] <- occasion
        Array.blit numbers 0 header 2 numbers.Length
        header

    let conditionOf (header: int64[]) : Condition =
        LanguagePrimitives.EnumOfValue header[0]

    let occasionOf (header: int64[]) : Occasion =
        LanguagePrimitives.EnumOfValue header[1]

    let sizeOf (header: int64[]) : int64 = header[2]

    // What the process of this rank says, which gives its own words.
    let hear (speaker: int) (size: int64) (own: byte[]) : byte[] =
        use text =
            torch.tensor (
                if speaker = collective.Rank then
                    own
                else
                    Array.zeroCreate (int size)
            )

        collective.Broadcast(speaker, text)
        text.data<byte>().ToArray()

    let speaker (headers: int64[][]) =
        headers
        |> Array.tryFindIndex (fun header -> conditionOf header <> Condition.Well)

    let refuseParting (headers: int64[][]) : unit =
        match headers |> Array.tryFindIndex (fun header -> header[1] <> headers[0][1]) with
        | None -> ()
        | Some other ->
            let does rank =
                $"process {rank + 1} of {count} {Occasion.describe (occasionOf headers[rank])}"

            InvalidOperationException
                $"The processes have parted: {does 0}, {does other}. Let every process make the same trainer, call the same of its members, in hooks, too, and evaluate with the same testers; let IsFirst and Rank decide only about what this library has no part in."
            |> Failures.known
            |> raise

    /// The numbers that all processes tell, in the order of their ranks, each 14 numbers at most.
    /// Raises what `Failures.elsewhere` gives when a process fails; InvalidOperationException when they have not come for the same.
    member _.Meet(occasion: Occasion, numbers: int64[]) : int64[][] =
        match deferred with
        | Some error ->
            deferred <- None
            raise error
        | None -> ()

        if count = 1 then
            [| numbers |]
        else
            let headers = collective.Exchange(header Condition.Well (int64 occasion) numbers)

            match speaker headers with
            | Some rank ->
                let text = hear rank (sizeOf headers[rank]) [||]
                raise (Failures.elsewhere rank count (conditionOf headers[rank]) text)
            | None ->
                refuseParting headers
                headers |> Array.map (fun header -> Array.sub header 2 numbers.Length)

    /// The same where processes must agree: on as many of the numbers as there are words, each the end of "Process 2 of 4
    /// and process 1 …".
    /// Raises InvalidOperationException in all processes where they do not.
    member this.Agree(occasion: Occasion, numbers: int64[], words: string list) : int64[][] =
        let told = this.Meet(occasion, numbers)

        words
        |> List.iteri (fun place word ->
            match told |> Array.tryFindIndex (fun numbers -> numbers[place] <> told[0][place]) with
            | None -> ()
            | Some other ->
                InvalidOperationException $"Process {other + 1} of {count} and process 1 {word}"
                |> Failures.known
                |> raise)

        told

    /// Tells the others of a failure of this process, unless they know of it.
    member private _.Tell(error: exn) : unit =
        if count > 1 && not (Failures.areKnown error) then
            let own = Failures.bytes error
            Failures.known error |> ignore

            let headers =
                collective.Exchange(header (Failures.condition error) 0L [| int64 own.Length |])

            let rank = (speaker headers).Value
            hear rank (sizeOf headers[rank]) own |> ignore

    /// The result of an action in which processes meet. Where it fails in one of them, it fails in all.
    member this.Together(act: unit -> 'T) : 'T =
        try
            act ()
        with error ->
            this.Tell error
            reraise ()

    /// Acts where no exception may be raised: what fails is raised at the next meeting, and until then nothing more is done.
    member _.Deferred(act: unit -> unit) : unit =
        if deferred.IsNone then
            try
                act ()
            with error ->
                deferred <- Some error

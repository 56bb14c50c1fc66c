module MetricLearning.Core.Tests.Data.OrderTests

open System
open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Orders

let tests =
    testList
        "order"
        [
            testPropertyWithConfig Checked.config "taking n and then m batches is taking n + m"
            <| fun kind (NonNegativeInt n) (NonNegativeInt m) ->
                let n, m, make = n % 20, m % 20, kinds[cheap kind]
                let first, between = take n (make ()) Cursor.start
                let second, last = take m (make ()) between
                (first @ second, last) = take (n + m) (make ()) Cursor.start

            testPropertyWithConfig Checked.config "a cursor that was written down gives the same batches"
            <| fun kind (NonNegativeInt n) ->
                let n, make = n % 20, kinds[cheap kind]
                let _, cursor = take n (make ()) Cursor.start
                let again = Cursor.ofNumbers (Cursor.toNumbers cursor)
                again = cursor && take 9 (make ()) again = take 9 (make ()) cursor

            testPropertyWithConfig Checked.config "what an order was asked before does not matter"
            <| fun kind (visits: NonNegativeInt list) ->
                let make = kinds[cheap kind]
                let order = make ()

                let cursors = Array.init 25 (fun count -> take count (make ()) Cursor.start |> snd)

                visits
                |> List.forall (fun (NonNegativeInt visit) ->
                    let cursor = cursors[visit % 25]
                    order.Take(seed, cursor) = make().Take(seed, cursor))

            testPropertyWithConfig
                Checked.config
                "a shuffled pass has every sample at most once, and all but those of the incomplete batch"
            <| fun (PositiveInt count) (PositiveInt batchSize) (NonNegativeInt pass) ->
                let count = count + batchSize
                let order = DataOrder.shuffled (int64 count) batchSize
                let batches = int order.BatchesPerPass.Value

                let taken, last = take batches order { Cursor.start with Pass = int64 pass }

                let indices = taken |> List.toArray |> Array.concat

                batches = count / batchSize
                && (Array.distinct indices).Length = batches * batchSize
                && indices |> Array.forall (fun index -> index >= 0L && index < int64 count)
                && last =
                    { Cursor.start with
                        Pass = int64 pass + 1L
                    }

            testPropertyWithConfig
                Checked.config
                "a sequential pass has every sample once, in order, in full batches but for the last"
            <| fun (PositiveInt count) (PositiveInt batchSize) (NonNegativeInt pass) ->
                let order = DataOrder.sequential (int64 count) batchSize
                let first = { Cursor.start with Pass = int64 pass }
                let batches, last = take (int order.BatchesPerPass.Value) order first

                List.toArray batches = Array.chunkBySize batchSize [| 0L .. int64 count - 1L |]
                && last = Cursor.nextPass first

            test "only the last batch ends its pass" {
                let order = DataOrder.batched (Ragged())
                let mutable cursor = Cursor.start

                for batch in 0..11 do
                    let portion = order.Take(seed, cursor)
                    Expect.equal portion.EndsPass (batch % 4 = 3) $"batch {batch}"
                    Expect.equal portion.Indices.Length (batch % 4 + 1) "sizes are the sampler's"
                    cursor <- portion.After

                Expect.equal cursor.Pass 3L "three passes"
            }

            test "a pure order's cursor holds no indices" {
                for kind in 0..3 do
                    let _, cursor = take 3 (kinds[kind]()) Cursor.start
                    Expect.equal cursor.PassMemory PassMemory.Nothing $"kind {kind}"
            }

            test "seeds and passes give other orders" {
                let order = DataOrder.shuffled 100L 100

                let at seed pass =
                    order.Take(Seed.ofInt64 seed, { Cursor.start with Pass = pass }).Indices

                Expect.notEqual (at 0L 0L) (at 0L 1L) "passes"
                Expect.notEqual (at 0L 0L) (at 1L 0L) "seeds"
            }

            test "a fresh pass is the next one, unless nothing was taken of this" {
                let _, inside = take 2 (DataOrder.shuffled 23L 5) Cursor.start
                Expect.equal (Cursor.freshPass Cursor.start) Cursor.start "at the start"
                Expect.equal (Cursor.freshPass inside) { Cursor.start with Pass = 1L } "inside a pass"
                let _, after = take 4 (DataOrder.shuffled 23L 5) Cursor.start
                Expect.equal (Cursor.freshPass after) { Cursor.start with Pass = 1L } "a pass is used up"
            }

            test "a sequence of the user's is enumerated once a pass, and not ahead" {
                let mutable enumerated = 0

                let own =
                    seq {
                        enumerated <- enumerated + 1
                        yield! [ 0L .. 5L ]
                    }

                let order = DataOrder.ofIndices own 3
                Expect.isFalse (order.IsDrawn Cursor.start) "not drawn"
                let _, cursor = take 1 order Cursor.start
                Expect.equal enumerated 1 "drawn at its first batch"
                Expect.isTrue (order.IsDrawn cursor) "drawn"
                let _, cursor = take 1 order cursor
                Expect.equal enumerated 1 "not before the next pass is asked for"
                Expect.isFalse (order.IsDrawn cursor) "not drawn"
                take 1 order cursor |> ignore
                Expect.equal enumerated 2 "the next pass"
            }

            test "the same cursor gives the same draw of a sequence that never repeats itself" {
                let mutable last = 0L

                let changing =
                    seq {
                        for _ in 1..4 do
                            last <- last + 1L
                            yield last
                    }

                let order = DataOrder.ofIndices changing 2
                let first = take 6 order Cursor.start
                Expect.equal (fst (take 6 order Cursor.start) |> List.truncate 2) (fst first |> List.truncate 2) "again"
                // Another cursor, as of another fork, draws for itself.
                Expect.notEqual
                    (fst (take 1 order (Cursor.freshPass (snd (take 1 order Cursor.start)))))
                    (fst first |> List.truncate 1)
                    "own draw"
            }

            test "drawing fills the cursor" {
                let order = DataOrder.ofIndices [ 3L; 1L; 2L ] 2
                let drawn = order.Draw(seed, Cursor.start)
                Expect.equal drawn.PassMemory (PassMemory.Indices [| 3L; 1L; 2L |]) "the indices"
                Expect.equal (order.Take(seed, drawn)) (order.Take(seed, Cursor.start)) "the same batch"
            }

            test "a long sequence is counted, not remembered" {
                for kind in [ 5; 7 ] do
                    let order = kinds[kind]()
                    let _, cursor = take 5 order Cursor.start

                    Expect.equal
                        cursor
                        {
                            Pass = 0L
                            Taken = 5L
                            PassMemory = PassMemory.Endless
                        }
                        $"kind {kind}"

                    Expect.equal (take 3 (kinds[kind]()) cursor) (take 3 order cursor) "a new process"
                    Expect.isFalse (order.Take(seed, cursor).EndsPass) "no end"
            }

            test "a finite sequence of more than a million ends" {
                let count = 1_000_003L
                let order = DataOrder.ofIndices (seq { 0L .. count - 1L }) 500_000
                let batches, cursor = take 3 order Cursor.start
                Expect.equal (batches |> List.map Array.head) [ 0L; 500_000L; 0L ] "two batches, then the next pass"
                Expect.equal cursor.Pass 1L "the pass"
            }

            test "positions far ahead and back in an endless order" {
                let order = kinds[2]()

                let at (order: DataOrder) taken =
                    order.Take(seed, { Cursor.start with Taken = taken }).Indices

                let far = at order 600_000L
                Expect.equal (at order 3L) (at (kinds[2]()) 3L) "back"
                Expect.equal (at order 600_000L) far "ahead again"
            }
        ]

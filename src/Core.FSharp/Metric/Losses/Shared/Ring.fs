namespace MetricLearning

open TorchSharp

/// The position in a memory that overwrites its oldest rows.
type internal Ring =
    {
        /// The next row to write.
        Next: int64
        /// True if every row has been written once.
        IsFilled: bool
        /// The number of rows that the last call wrote.
        Last: int64
        /// The number of calls.
        Calls: int64
    }

/// A ring as numbers in a buffer, so that it is part of the state of its module.
module internal Ring =

    /// Nothing written.
    let empty: Ring =
        {
            Next = 0L
            IsFilled = false
            Last = 0L
            Calls = 0L
        }

    /// The numbers of a ring.
    let toTensor (ring: Ring) : torch.Tensor =
        torch.tensor [| ring.Next; (if ring.IsFilled then 1L else 0L); ring.Last; ring.Calls |]

    /// The ring of such numbers; elsewhere than on the CPU this waits for the device, once.
    let ofTensor (numbers: torch.Tensor) : Ring =
        let read = numbers.cpu().data<int64>().ToArray()

        {
            Next = read[0]
            IsFilled = read[1] <> 0L
            Last = read[2]
            Calls = read[3]
        }

    /// The number of rows of `size` that have been written.
    let used (size: int64) (ring: Ring) : int64 =
        if ring.IsFilled then size else ring.Next

    /// The ring after a call that wrote `count` rows.
    let advance (size: int64) (count: int64) (ring: Ring) : Ring =
        {
            Next = (ring.Next + count) % size
            IsFilled = ring.IsFilled || ring.Next + count >= size
            Last = count
            Calls = ring.Calls + 1L
        }

    /// The places of the rows of the last call, in their order (int64).
    let lastPlaces (size: int64) (device: torch.Device) (ring: Ring) : torch.Tensor =
        let first = (ring.Next - ring.Last + size) % size
        let places = Numeric.range first (first + ring.Last) 1L device

        if first + ring.Last > size then
            places.remainder (Numeric.whole size)
        else
            places

    /// Writes rows into a buffer, from where the ring stands on; no gradient flows into it.
    let write (buffer: torch.Tensor) (rows: torch.Tensor) (ring: Ring) : unit =
        use _ = torch.no_grad ()
        let count = rows.size 0
        let first = min count (buffer.size 0 - ring.Next)

        buffer.narrow(0L, ring.Next, first).copy_(rows.narrow (0L, 0L, first)) |> ignore

        if first < count then
            buffer.narrow(0L, 0L, count - first).copy_(rows.narrow (0L, first, count - first))
            |> ignore

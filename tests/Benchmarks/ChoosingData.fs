namespace MetricLearning.Benchmarks

open System.IO
open System.IO.Compression
open Digits
open TorchSharp
open MetricLearning

/// Pictures to learn from and pictures to find, as rows of numbers, and how they are learned.
[<NoEquality; NoComparison>]
type Exercise =
    {
        Train: DigitSet
        Test: DigitSet
        /// Widths of the layers, from the pixels to the embedding.
        Layers: int list
        BatchSize: int
    }

/// The two data sets of the samples.
module ChoosingData =

    /// Other pictures of the ten digits that are trained.
    let digits () : Exercise =
        let train, test = Data.load ()

        {
            Train = train
            Test = test
            Layers = [ 64; 128; 64; TriedParts.size ]
            BatchSize = 40
        }

    // Labels of the training part are 0, 1, …, as class vectors want them.
    let private rows (pictures: PictureSet) : DigitSet =
        let format = PictureFormat(16, 16)
        let ranks = pictures.Labels |> Array.distinct |> Array.sort

        let numbers =
            [|
                for index in 0 .. pictures.Count - 1 -> format.ToTensor(format.Read(pictures.PathOf index)).reshape -1L
            |]

        {
            Pictures = torch.stack numbers
            Labels =
                torch.tensor
                    [|
                        for label in pictures.Labels -> int64 (System.Array.BinarySearch(ranks, label))
                    |]
        }

    /// Drawings of things; those that are to be found are of things that were not trained.
    let drawings () : Exercise =
        let data = Path.Combine(System.AppContext.BaseDirectory, "data")
        let folder = Directory.CreateTempSubdirectory("drawings-").FullName

        try
            ZipFile.ExtractToDirectory(Path.Combine(data, "pictures.zip"), folder)

            let parts =
                PictureSet
                    .FromFolder(folder)
                    .WithTable(Path.Combine(data, "pictures-classes.csv"), "class")
                    .SplitBy("split")

            {
                Train = rows parts["train"]
                Test = rows parts["test"]
                Layers = [ 3 * 16 * 16; 256; 128; TriedParts.size ]
                BatchSize = 64
            }
        finally
            Directory.Delete(folder, true)

/// An augmentation of each kind that `Augment` makes, by the name of its method.
module MetricLearning.Core.Tests.Support.EveryAugmentation

open System
open System.Drawing
open System.Reflection
open MetricLearning

let private cases: Augmentation list =
    [
        Augment.Shift 0.2
        Augment.Scale(0.7, 1.4)
        Augment.Rotate 30.0
        Augment.Flip()
        Augment.Mirror()
        Augment.FlipVertically()
        Augment.Crop(5, 7)
        Augment.CenterCrop(9, 30)
        Augment.CropResized(12, 10)
        Augment.ColorJitter(0.4, 0.4, 0.4, 0.1)
        Augment.Grayscale()
        Augment.Invert()
        Augment.Blur(0.5, 2.0)
        Augment.Erase(0.1, 0.3)
        Augment.Erase(0.1, 0.3, Color.Red)
        Augment.Background()
        Augment.Background(Color.Blue, Color.White)
        Augment.Outline()
        Augment.Of(fun picture seed ->
            if seed.Value % 2UL = 0UL then
                picture
            else
                Augment.Invert().Apply(picture, seed))
    ]

let all: Augmentation list =
    [
        yield! cases
        Augment.Compose(List.toArray cases)
        Augment.OneOf(List.toArray cases)
        Augment.Maybe(0.5, Augment.Compose(Augment.Rotate 10.0, Augment.Blur(1.0, 2.0), Augment.Shift 0.1))
    ]

/// Methods of `Augment` that no case is made by.
let forgotten: string list =
    let made = all |> List.map (fun case -> (string case).Split('(', 2)[0])

    [
        for made' in typeof<Augment>.GetMethods(BindingFlags.Public ||| BindingFlags.Static) do
            if
                not (List.contains made'.Name made)
                // These are described by what they are made of.
                && not (Array.contains made'.Name [| "Compose"; "Flip"; "FlipVertically" |])
            then
                made'.Name
    ]

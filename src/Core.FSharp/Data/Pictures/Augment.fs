namespace MetricLearning

open System
open System.Drawing
open System.Numerics
open System.Runtime.InteropServices
open MetricLearning.Core

/// Augmentations. What a shift, a turn or a crop leaves empty is transparent: it takes the background of the
/// `PictureFormat`, or the one of `Background`.
[<AbstractClass; Sealed>]
type Augment private () =

    static let moving (description: string) (move: Seed -> struct (int * int) -> struct (int * int * Matrix3x2)) =
        Augmentation(description, fun seed -> [ Change.Move(move seed) ])

    static let recoloring (description: string) (recolor: Seed -> Vector4 -> Matrix4x4) =
        Augmentation(description, fun seed -> [ Change.Recolor(recolor seed) ])

    static let reworking (description: string) (rework: Seed -> Picture -> Picture) =
        Augmentation(description, fun seed -> [ Change.Rework(rework seed) ])

    static let middle (height: int) (width: int) =
        Vector2(0.5f * float32 width, 0.5f * float32 height)

    static let range (low: float) (high: float) =
        Ranges.positive (nameof low) low
        Ranges.require (nameof high) (Double.IsFinite high && high >= low) $"a finite number, {low} or more" high

    static let listed (augmentations: Augmentation[]) =
        String.Join(", ", augmentations |> Array.map string)

    /// One after the other.
    static member Compose([<ParamArray>] augmentations: Augmentation[]) : Augmentation =
        let all = Arguments.noneNull (nameof augmentations) augmentations

        Augmentation(
            listed all,
            fun seed ->
                [
                    for place in 0 .. all.Length - 1 do
                        yield! all[place].Draw(Seed.derive "augmentation" (int64 place) seed)
                ]
        )

    /// One of them, each equally likely.
    static member OneOf([<ParamArray>] augmentations: Augmentation[]) : Augmentation =
        let all = Arguments.noneNull (nameof augmentations) augmentations
        Ranges.atLeast 1L "the number of augmentations" all.LongLength

        Augmentation(
            $"OneOf({listed all})",
            fun seed ->
                let chosen = Seed.below all.LongLength 0L seed
                all[int chosen].Draw(Seed.derive "augmentation" chosen seed)
        )

    /// The augmentation with this probability; otherwise the picture as it is.
    static member Maybe(probability: float, augmentation: Augmentation) : Augmentation =
        Ranges.within 0.0 1.0 (nameof probability) probability
        Arguments.given (nameof augmentation) augmentation |> ignore

        Augmentation(
            $"Maybe({probability}, {augmentation})",
            fun seed ->
                if Draws.unit' 0 seed < float32 probability then
                    augmentation.Draw(Seed.derive "augmentation" 0L seed)
                else
                    []
        )

    /// One of your own: a function of picture and seed, which may return a picture of another size. Several threads may call it
    /// at once.
    static member Of(change: Func<Picture, Seed, Picture>) : Augmentation =
        Arguments.given (nameof change) change |> ignore
        reworking "Of(…)" (fun seed picture -> Arguments.returned "The augmentation" (change.Invoke(picture, seed)))

    /// Moved by at most this part of its height up or down, and of its width to the left or right.
    static member Shift(part: float) : Augmentation =
        Ranges.within 0.0 1.0 (nameof part) part
        let most = float32 part

        moving $"Shift({part})" (fun seed (struct (height, width)) ->
            let right = Draws.between -most most 0 seed * float32 width
            let down = Draws.between -most most 1 seed * float32 height
            struct (height, width, Matrix3x2.CreateTranslation(-right, -down)))

    /// Enlarged about its middle by a factor between the two, which may be below 1; the size of the picture stays.
    static member Scale(low: float, high: float) : Augmentation =
        range low high

        moving $"Scale({low}, {high})" (fun seed (struct (height, width)) ->
            let factor = Draws.factor (float32 low) (float32 high) 0 seed
            struct (height, width, Matrix3x2.CreateScale(1f / factor, middle height width)))

    /// Turned about its middle by at most this angle in degrees, either way.
    static member Rotate(degrees: float) : Augmentation =
        Ranges.within 0.0 180.0 (nameof degrees) degrees
        let most = float32 (Double.DegreesToRadians degrees)

        moving $"Rotate({degrees})" (fun seed (struct (height, width)) ->
            struct (height, width, Matrix3x2.CreateRotation(Draws.between -most most 0 seed, middle height width)))

    /// Left and right exchanged in every other picture.
    static member Flip() : Augmentation = Augment.Maybe(0.5, Augment.Mirror())

    /// Left and right exchanged in every picture.
    static member Mirror() : Augmentation =
        moving "Mirror()" (fun _ (struct (height, width)) ->
            struct (height, width, Matrix3x2(-1f, 0f, 0f, 1f, float32 width, 0f)))

    /// Top and bottom exchanged in every other picture.
    static member FlipVertically() : Augmentation =
        Augment.Maybe(
            0.5,
            moving "MirrorVertically()" (fun _ (struct (height, width)) ->
                struct (height, width, Matrix3x2(1f, 0f, 0f, -1f, 0f, float32 height)))
        )

    /// A part of this size from a random place. A smaller picture stands at a random place of the result.
    static member Crop(height: int, width: int) : Augmentation =
        PictureSize.check height width

        moving $"Crop({height}, {width})" (fun seed (struct (oldHeight, oldWidth)) ->
            let place (spare: int) index =
                let sign = if spare < 0 then -1f else 1f
                sign * float32 (Seed.below (int64 (abs spare) + 1L) index seed)

            let left, top = place (oldWidth - width) 0L, place (oldHeight - height) 1L
            struct (height, width, Matrix3x2.CreateTranslation(left, top)))

    /// The middle of the picture in this size, without chance.
    static member CenterCrop(height: int, width: int) : Augmentation =
        PictureSize.check height width

        moving $"CenterCrop({height}, {width})" (fun _ (struct (oldHeight, oldWidth)) ->
            let left, top = (oldWidth - width) / 2, (oldHeight - height) / 2
            struct (height, width, Matrix3x2.CreateTranslation(float32 left, float32 top)))

    /// A part of the picture, resized to the height and width: a random part of its area, between `low` and `high`, with
    /// up to 4/3 of the result's ratio of width to height or 3/4 of it, at a random place (Szegedy et al. 2015, "Going deeper
    /// with convolutions").
    static member CropResized
        (
            height: int,
            width: int,
            [<Optional; DefaultParameterValue(0.08)>] low: float,
            [<Optional; DefaultParameterValue(1.0)>] high: float
        ) : Augmentation =
        PictureSize.check height width
        range low high
        Ranges.within low 1.0 (nameof high) high

        moving $"CropResized({height}, {width}, {low}, {high})" (fun seed (struct (oldHeight, oldWidth)) ->
            let ratio = float32 width / float32 height
            let part = RandomPart.draw low high ratio (4f / 3f) oldHeight oldWidth seed

            let scale =
                Matrix3x2.CreateScale(part.Width / float32 width, part.Height / float32 height)

            struct (height, width, scale * Matrix3x2.CreateTranslation(part.Left, part.Top)))

    /// Brightness, contrast (about the picture's mean) and saturation multiplied by factors up to 1 + the given number and down
    /// to its inverse; hues turned by at most this part of the colour circle (0.5: half of it), either way.
    static member ColorJitter
        (
            [<Optional; DefaultParameterValue(0.0)>] brightness: float,
            [<Optional; DefaultParameterValue(0.0)>] contrast: float,
            [<Optional; DefaultParameterValue(0.0)>] saturation: float,
            [<Optional; DefaultParameterValue(0.0)>] hue: float
        ) : Augmentation =
        Ranges.notNegative (nameof brightness) brightness
        Ranges.notNegative (nameof contrast) contrast
        Ranges.notNegative (nameof saturation) saturation
        Ranges.within 0.0 0.5 (nameof hue) hue

        recoloring $"ColorJitter({brightness}, {contrast}, {saturation}, {hue})" (fun seed mean ->
            let factor (most: float) index =
                let most = 1f + float32 most
                Draws.factor (1f / most) most index seed

            let angle = 2f * MathF.PI * Draws.between (float32 -hue) (float32 hue) 3 seed
            let brighter = ColorMatrices.brightness (factor brightness 0)
            let grey = ColorMatrices.brightnessOf (Vector4.Transform(mean, brighter))

            brighter
            * ColorMatrices.contrast (factor contrast 1) grey
            * ColorMatrices.saturation (factor saturation 2)
            * (if hue = 0.0 then
                   Matrix4x4.Identity
               else
                   ColorMatrices.hue angle))

    /// Every pixel grey, as bright as before.
    static member Grayscale() : Augmentation =
        recoloring "Grayscale()" (fun _ _ -> ColorMatrices.saturation 0f)

    /// White for black and black for white, and so for colours.
    static member Invert() : Augmentation =
        recoloring "Invert()" (fun _ _ -> ColorMatrices.inverted)

    /// Blurred by a Gaussian of a standard deviation between the two, in pixels, at most 100.
    static member Blur(low: float, high: float) : Augmentation =
        range low high
        Ranges.within low 100.0 (nameof high) high
        reworking $"Blur({low}, {high})" (fun seed -> Filters.blur (Draws.factor (float32 low) (float32 high) 0 seed))

    /// A rectangle of a random part of the area, between `low` and `high`, made transparent, or of a colour if one is given
    /// (Zhong et al. 2020, "Random erasing data augmentation").
    static member Erase(low: float, high: float, [<Optional>] color: Color) : Augmentation =
        range low high
        Ranges.within low 1.0 (nameof high) high

        reworking $"Erase({low}, {high})" (fun seed picture ->
            Filters.erase (RandomPart.draw low high 1f (1f / 0.3f) picture.Height picture.Width seed) color picture)

    /// Transparent parts drawn on one of the colours; without colours, on any colour.
    static member Background([<ParamArray>] colors: Color[]) : Augmentation =
        Arguments.given (nameof colors) colors |> ignore

        reworking "Background()" (fun seed ->
            let color =
                if colors.Length > 0 then
                    colors[int (Seed.below colors.LongLength 0L seed)]
                else
                    Color.FromArgb(int (Seed.bits 0L seed >>> 40))

            Filters.on color)

    /// A drawing of the picture's edges in dark lines on white, where transparent parts count as white. The strength, between
    /// the two, says how dark the lines are: at 1 an edge from black to white is black.
    static member Outline
        ([<Optional; DefaultParameterValue(1.0)>] low: float, [<Optional; DefaultParameterValue(3.0)>] high: float)
        : Augmentation =
        range low high

        reworking $"Outline({low}, {high})" (fun seed ->
            Filters.outline (Draws.factor (float32 low) (float32 high) 0 seed))

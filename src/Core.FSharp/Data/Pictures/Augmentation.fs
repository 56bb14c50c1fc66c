namespace MetricLearning

open System
open System.Numerics
open MetricLearning.Core

/// The effect of an augmentation on pictures, its chance drawn.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Change =
    /// Given height and width: the new ones, and the way from points of the new picture to the old one's.
    | Move of (struct (int * int) -> struct (int * int * Matrix3x2))
    /// Given the mean colour: the matrix that colours are multiplied by.
    | Recolor of (Vector4 -> Matrix4x4)
    | Rework of (Picture -> Picture)

/// A random change of pictures: a function of a picture and a seed. `Augment` makes them.
///
/// Changes of place that follow each other are one drawing, and so are changes of colour: a picture that is shifted, turned
/// and tinted is interpolated and rounded once.
[<Sealed>]
type Augmentation internal (description: string, draw: Seed -> Change list) =

    member internal _.Draw(seed: Seed) : Change list = draw seed

    /// The changed picture. The same picture and seed give the same bytes.
    member _.Apply(picture: Picture, seed: Seed) : Picture =
        ArgumentNullException.ThrowIfNull(picture, nameof picture)
        let mutable source = picture
        let mutable size = struct (picture.Height, picture.Width)
        let mutable toSource = Matrix3x2.Identity
        let mutable colors = Matrix4x4.Identity

        let settle () =
            let struct (height, width) = size

            if
                not (
                    toSource.IsIdentity
                    && colors.IsIdentity
                    && size = struct (source.Height, source.Width)
                )
            then
                source <- Redraw.draw source height width toSource colors
                toSource <- Matrix3x2.Identity
                colors <- Matrix4x4.Identity

        for change in draw seed do
            match change with
            | Change.Move move ->
                let struct (height, width, toOld) = move size
                size <- struct (height, width)
                toSource <- toOld * toSource
            | Change.Recolor recolor -> colors <- colors * recolor (Vector4.Transform(source.Mean, colors))
            | Change.Rework rework ->
                settle ()
                source <- rework source
                size <- struct (source.Height, source.Width)

        settle ()
        source

    /// Its name and arguments.
    override _.ToString() = description

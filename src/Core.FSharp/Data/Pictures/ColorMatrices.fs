namespace MetricLearning

open System
open System.Numerics

/// Changes of colour as matrices: a pixel (red, green, blue, alpha) as a row is multiplied from the left. Colours are
/// multiplied by alpha, so that what is added to a colour stands in alpha's row.
module internal ColorMatrices =

    // How bright red, green and blue look (ITU-R BT.601).
    let private luma = Vector4(0.299f, 0.587f, 0.114f, 0f)

    /// The brightness of a colour, in its own unit.
    let brightnessOf (color: Vector4) : float32 = Vector4.Dot(color, luma)

    /// Every colour multiplied by the factor.
    let brightness (factor: float32) : Matrix4x4 =
        Matrix4x4.CreateScale(factor, factor, factor)

    /// Distances from a grey, as a part of alpha, multiplied by the factor.
    let contrast (factor: float32) (grey: float32) : Matrix4x4 =
        let mutable matrix = Matrix4x4.CreateScale(factor, factor, factor)
        matrix.Translation <- Vector3((1f - factor) * grey)
        matrix

    /// Distances from the grey of equal brightness multiplied by the factor; 0 makes grey.
    let saturation (factor: float32) : Matrix4x4 =
        let rest = (1f - factor) * luma

        Matrix4x4(
            rest.X + factor,
            rest.X,
            rest.X,
            0f,
            rest.Y,
            rest.Y + factor,
            rest.Y,
            0f,
            rest.Z,
            rest.Z,
            rest.Z + factor,
            0f,
            0f,
            0f,
            0f,
            1f
        )

    /// White for black, black for white.
    let inverted: Matrix4x4 =
        Matrix4x4(-1f, 0f, 0f, 0f, 0f, -1f, 0f, 0f, 0f, 0f, -1f, 0f, 1f, 1f, 1f, 1f)

    // Brightness and the two coordinates of colour of NTSC television.
    let private toYiq =
        Matrix4x4(0.299f, 0.596f, 0.211f, 0f, 0.587f, -0.274f, -0.523f, 0f, 0.114f, -0.322f, 0.312f, 0f, 0f, 0f, 0f, 1f)

    let private fromYiq =
        match Matrix4x4.Invert toYiq with
        | true, inverse -> inverse
        | _ -> invalidOp "The matrix to YIQ has an inverse."

    /// Colours turned about grey by an angle in radians, their brightness kept.
    let hue (angle: float32) : Matrix4x4 =
        toYiq * Matrix4x4.CreateRotationX angle * fromYiq

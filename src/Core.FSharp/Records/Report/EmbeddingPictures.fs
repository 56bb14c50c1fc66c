namespace MetricLearning

open System
open TorchSharp

/// Embeddings as pictures: how far pairs lie apart, and where samples lie.
module internal EmbeddingPictures =

    let private width, height = 720.0, 200.0

    // Both curves on one scale, so that their heights can be compared.
    let private outline (highest: float) (share: int64[]) : string =
        let total = float (max 1L (Array.sum share))
        let step = width / float share.Length

        let y count =
            height * (1.0 - float count / total / highest)

        let tops =
            [
                for index, count in Array.indexed share do
                    $"{Html.place (float index * step)},{Html.place (y count)}"
                    $"{Html.place (float (index + 1) * step)},{Html.place (y count)}"
            ]

        String.Join(
            ' ',
            [
                $"0,{Html.place height}"
                yield! tops
                $"{Html.place width},{Html.place height}"
            ]
        )

    let private highestOf (share: int64[]) : float =
        float (Array.max share) / float (max 1L (Array.sum share))

    /// The distances of positive and negative pairs.
    let histogram (scan: PairScan) : string =
        let highest = max (highestOf scan.Positives) (highestOf scan.Negatives)
        let highest = if highest > 0.0 then highest else 1.0

        let marks =
            [
                for tick in [ 0.0; 0.5; 1.0; 1.5; 2.0 ] ->
                    $"""<text x="{Html.place (min (width - 10.0) (max 6.0 (tick / 2.0 * width)))}" y="{Html.place (height + 16.0)}" text-anchor="middle">{Html.number tick}</text>"""
            ]

        $"""<figure>
<figcaption>Distances of pairs</figcaption>
<svg viewBox="0 0 {Html.place width} {Html.place (height + 20.0)}" role="img" aria-label="How many positive and negative pairs lie at each distance">
<polygon class="negative" points="{outline highest scan.Negatives}"/><polygon class="positive" points="{outline highest scan.Positives}"/>{String.Concat marks}
</svg>
<p class="legend"><span><i class="positive"></i>{Array.sum scan.Positives:N0} pairs of one class</span><span><i class="negative"></i>{Array.sum scan.Negatives:N0} pairs of two classes</span><span class="axis">by the Euclidean distance of normalised embeddings; each kind sums to 1</span></p>
</figure>
"""

    let private side = 480.0

    /// The samples in the plane of their two principal components, coloured by class.
    let map (describe: int64 -> string) (embeddings: torch.Tensor) (labels: int64[]) : string =
        use _ = torch.NewDisposeScope()
        use _ = torch.no_grad ()
        let precise = embeddings.cpu().to_type torch.float64
        let unit = torch.nn.functional.normalize (precise, 2.0, 1L)
        let centred = unit - unit.mean ([| 0L |], true)
        let struct (variances, axes) = torch.linalg.eigh (centred.t().mm centred)
        let plane = axes.narrow(1L, axes.size 1 - 2L, 2L).flip 1L
        let largest = plane.gather (0L, plane.abs().argmax(0L, true))
        let places = centred.mm(plane * largest.sign ()).data<float>().ToArray()
        let total = variances.sum().item<float>()
        let held = variances.narrow(0L, variances.size 0 - 2L, 2L).sum().item<float>()
        let farthest = places |> Seq.map abs |> Seq.fold max 1e-12

        let at value =
            side / 2.0 + (side / 2.0 - 8.0) * value / farthest

        let number =
            labels
            |> Array.distinct
            |> Array.sort
            |> Array.indexed
            |> Array.map (fun (index, label) -> label, index)
            |> dict

        let dots =
            [
                for row, label in Array.indexed labels ->
                    $"""<circle cx="{Html.place (at places[2 * row])}" cy="{Html.place (at (-places[2 * row + 1]))}" r="3" fill="{Html.colour number[label]}"><title>{Html.text (describe (int64 row))}</title></circle>"""
            ]

        $"""<figure>
<figcaption>Where samples lie</figcaption>
<svg class="map" viewBox="0 0 {Html.place side} {Html.place side}" role="img" aria-label="Samples in the plane of their two principal components, coloured by class">
{String.Concat dots}
</svg>
<p class="legend"><span class="axis">the two principal components of normalised embeddings, which hold {held / max total 1e-300:P0} of their variance; point at a dot for its class</span></p>
</figure>
"""

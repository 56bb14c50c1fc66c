namespace MetricLearning

open System

/// Pairs that the networks got wrong, as a table.
module internal HardPairs =

    let private cell (describe: int64 -> string) (picture: int64 -> string | null) (row: int64) : string =
        let shown =
            match picture row with
            | null -> ""
            | source -> $"""<img src="{Html.text source}" alt="" loading="lazy">"""

        $"<td>{shown}{Html.text (describe row)}</td>"

    let private table (title: string) describe picture (pairs: FoundPair list) : string =
        if pairs.IsEmpty then
            ""
        else
            let rows =
                [
                    for pair in pairs ->
                        $"<tr><td>{Html.number pair.Distance}</td>{cell describe picture pair.One}{cell describe picture pair.Other}</tr>"
                ]

            $"""<figure>
<figcaption>{Html.text title}</figcaption>
<div class="wide"><table><thead><tr><th>distance</th><th>one</th><th>the other</th></tr></thead><tbody>
{String.Join('\n', rows)}
</tbody></table></div>
</figure>
"""

    /// Both tables.
    let tables (describe: int64 -> string) (picture: int64 -> string | null) (scan: PairScan) : string =
        table "Pairs of one class that lie farthest apart" describe picture scan.FarPositives
        + table "Pairs of two classes that lie nearest" describe picture scan.NearNegatives

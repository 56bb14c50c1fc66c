namespace MetricLearning

/// The frame around the parts of a report.
module internal ReportPage =

    let private style =
        """
:root { color-scheme: light dark; --page: #fff; --ink: #1c1e21; --quiet: #62676d; --rule: #dfe2e5; --positive: #1b7f5c; --negative: #b0413e; }
@media (prefers-color-scheme: dark) { :root { --page: #15171a; --ink: #e7e9ec; --quiet: #9aa1a9; --rule: #33383e; --positive: #57c99d; --negative: #ef8a86; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 62rem; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 1.5rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
figure { margin: 0 0 2rem; }
figcaption { font-weight: 600; margin-bottom: .4rem; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
svg.map { max-width: 30rem; border: 1px solid var(--rule); border-radius: .4rem; }
svg text { font-size: 11px; fill: var(--quiet); }
.grid { stroke: var(--rule); stroke-width: 1; }
polygon.positive { fill: var(--positive); fill-opacity: .45; stroke: var(--positive); }
polygon.negative { fill: var(--negative); fill-opacity: .35; stroke: var(--negative); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .4rem 0 0; font-size: .85rem; overflow-wrap: anywhere; }
.legend i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: 50%; }
i.positive { background: var(--positive); } i.negative { background: var(--negative); }
.axis, footer { color: var(--quiet); font-size: .85rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--rule); vertical-align: middle; }
td img { height: 4rem; max-width: 8rem; margin-right: .6rem; vertical-align: middle; border-radius: .2rem; }
"""

    /// The beginning of the page.
    let head (title: string) : string =
        $"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{Html.text title}</title>
<style>{style}</style>
</head>
<body>
<h1>{Html.text title}</h1>
"""

    /// Its end.
    let foot: string = "<footer>Written by MetricLearning.</footer>\n</body>\n</html>\n"

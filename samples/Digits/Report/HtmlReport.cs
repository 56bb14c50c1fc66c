namespace Digits;
internal static class HtmlReport { public static string Write(Options o, Recipe r, DigitsData d, IReadOnlyList<Run> runs, RetrievalScores p) => ""; }

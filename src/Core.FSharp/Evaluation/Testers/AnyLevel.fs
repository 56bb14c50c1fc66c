namespace MetricLearning

open System

/// Levels of labels: a number from 0, several, or `"all"`. All convert implicitly.
[<Sealed; AllowNullLiteral(false)>]
type AnyLevel private (level: HierarchyLevel) =

    static let unchosen = AnyLevel(HierarchyLevel.One 0)

    static let checkedLevel (level: int) : int =
        if level >= 0 then
            level
        else
            raise (ArgumentException($"LabelHierarchyLevel is {level}: levels count from 0.", nameof level))

    /// The levels as readers take them.
    member internal _.Level: HierarchyLevel = level

    /// Level 0, where nobody chose one.
    static member internal Unchosen: AnyLevel = unchosen

    /// Every level.
    static member All: AnyLevel = AnyLevel HierarchyLevel.All

    /// <summary>One level.</summary>
    /// <exception cref="System.ArgumentException">It is below 0.</exception>
    static member op_Implicit(level: int) : AnyLevel =
        AnyLevel(HierarchyLevel.One(checkedLevel level))

    /// <summary>Several levels.</summary>
    /// <exception cref="System.ArgumentException">There is none, or one is below 0.</exception>
    static member op_Implicit(levels: int[]) : AnyLevel =
        ArgumentNullException.ThrowIfNull(levels, nameof levels)

        if levels.Length = 0 then
            raise (ArgumentException("LabelHierarchyLevel has no levels: give at least one.", nameof levels))

        AnyLevel(HierarchyLevel.Several(Array.map checkedLevel levels))

    /// <summary><c>"all"</c>.</summary>
    /// <exception cref="System.ArgumentException">It is another word.</exception>
    static member op_Implicit(all: string) : AnyLevel =
        if all = "all" then
            AnyLevel.All
        else
            raise (
                ArgumentException(
                    $"LabelHierarchyLevel is \"{all}\": give a number from 0, several, or \"all\".",
                    nameof all
                )
            )

    /// The levels joined by `_`, or `all`.
    override _.ToString() : string =
        match level with
        | HierarchyLevel.One level -> string level
        | HierarchyLevel.Several levels -> String.Join('_', levels)
        | HierarchyLevel.All -> "all"

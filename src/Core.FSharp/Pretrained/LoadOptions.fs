namespace MetricLearning

open System

/// The options of matching weights to a module.
[<NoComparison; ReferenceEquality>]
type internal LoadOptions =
    {
        /// Every tensor of the file and of the module must match one of the other, in the same shape.
        Strict: bool
        /// A prefix of names in the file that names in the module lack; names without it stay as they are.
        StripPrefix: string | null
        /// Maps a name in the file, without its prefix, to one in the module; null leaves the tensor out.
        Rename: Func<string, string | null> | null
        /// Loads from a `.pth` file that holds objects besides tensors.
        IgnoreOtherObjects: bool
    }

module internal LoadOptions =

    /// The name in the module of a tensor in the file; null when it is left out.
    let nameHere (options: LoadOptions) (name: string) : string | null =
        let stripped =
            match options.StripPrefix with
            | NonNull prefix when name.StartsWith(prefix, StringComparison.Ordinal) -> name[prefix.Length ..]
            | _ -> name

        match options.Rename with
        | null -> stripped
        | rename -> rename.Invoke stripped

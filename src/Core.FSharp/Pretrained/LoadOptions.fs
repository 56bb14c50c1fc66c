namespace MetricLearning

open MetricLearning.Core
open System

/// How a file of weights is loaded into a module.
[<NoComparison; ReferenceEquality>]
type LoadOptions =
    {
        /// Whether every tensor of the file and of the module must find the other, in the same shape.
        Strict: bool
        /// What names in the file begin with and names in the module do not, such as `module.` or `backbone.`; null for nothing.
        /// Names that do not begin with it stay as they are.
        StripPrefix: string | null
        /// From a name in the file, its prefix stripped, to one in the module; null leaves the tensor out. A null function changes
        /// nothing.
        Rename: Func<string, string | null> | null
        /// Of a `.pth` file with several state dicts, the one to take: its keys joined by `/`, such as `state_dict`; null when
        /// there is one.
        Entry: string | null
        /// Whether to load from a `.pth` file that holds objects besides tensors, such as an `argparse.Namespace`. They are never built,
        /// only left out.
        IgnoreOtherObjects: bool
    }

/// How files of weights are loaded.
module LoadOptions =

    /// Everything must match, by the names that it has.
    let strict: LoadOptions =
        {
            Strict = true
            StripPrefix = null
            Rename = null
            Entry = null
            IgnoreOtherObjects = false
        }

    /// The name in the module of what has this name in the file; null when it is left out.
    let internal nameHere (options: LoadOptions) (name: string) : string | null =
        let stripped =
            match options.StripPrefix with
            | NonNull prefix when name.StartsWith(prefix, StringComparison.Ordinal) -> name[prefix.Length ..]
            | _ -> name

        match options.Rename with
        | null -> stripped
        | rename -> rename.Invoke stripped

namespace MetricLearning.Parity

open System.IO

/// What the command line asks for.
type Options =
    {
        Folder: string
        /// Cases that need parts that do not exist yet do not make the run fail.
        IsPartial: bool
        /// One file alone, by its name without the ending.
        Only: string option
        IsSelfTest: bool
    }

[<RequireQualifiedAccess>]
module Options =

    let usage =
        """usage: Parity FOLDER [--partial] [--only FILE]
       Parity --self-test FOLDER

Runs every fixture file of FOLDER whose name it knows through the library's public API.
  --partial      cases that need parts that do not exist yet do not make the run fail
  --only FILE    this file alone, "losses" say
  --self-test    changes one number of each kind in a copy of the fixtures; its case must fail"""

    let private nothing =
        {
            Folder = ""
            IsPartial = false
            Only = None
            IsSelfTest = false
        }

    /// None where the arguments make no sense or the folder is not there.
    let parse (arguments: string list) : Options option =
        let rec read (options: Options) (arguments: string list) =
            match arguments with
            | [] when Directory.Exists options.Folder -> Some options
            | "--partial" :: rest -> read { options with IsPartial = true } rest
            | "--self-test" :: rest -> read { options with IsSelfTest = true } rest
            | "--only" :: file :: rest ->
                let name = nonNull (Path.GetFileNameWithoutExtension file)
                read { options with Only = Some name } rest
            | folder :: rest when options.Folder = "" && not (folder.StartsWith "--") ->
                read { options with Folder = folder } rest
            | _ -> None

        read nothing arguments

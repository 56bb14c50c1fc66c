namespace MetricLearning

open System
open System.Collections.Generic
open System.IO

/// A folder of pictures, and the folders within.
[<NoComparison; ReferenceEquality>]
type internal PictureSubfolder =
    {
        /// Names of folders from the one that was asked for; none for itself.
        Names: string list
        Path: string
        /// The names of its picture files, in the order of code points.
        Files: string[]
    }

/// Finding picture files.
module internal FolderWalk =

    let private isHidden (entry: FileSystemInfo) =
        entry.Name.StartsWith '.' || entry.Attributes.HasFlag FileAttributes.Hidden

    let private isPicture (name: string) =
        let ending = Path.GetExtension(name.AsSpan())
        let mutable found = false

        for extension in PictureBytes.extensions do
            found <- found || ending.Equals(extension, StringComparison.OrdinalIgnoreCase)

        found

    // Where a folder really is: its parent's real place and its name, or what a link leads to; none for a link that leads nowhere.
    let private realPath (parent: string) (folder: DirectoryInfo) : string option =
        match folder.LinkTarget with
        | null -> Some(Path.Join(parent, folder.Name))
        | _ ->
            match folder.ResolveLinkTarget true with
            | null -> None
            | target when target.Exists -> Some(Path.TrimEndingDirectorySeparator target.FullName)
            | _ -> None

    let private inOrder (names: string seq) =
        let sorted = Seq.toArray names
        Array.Sort(sorted, StringComparer.Ordinal)
        sorted

    /// The folders, from the given one, that hold pictures; hidden files and folders are left out. Links are followed, but not
    /// from within a folder back to it.
    let find (root: string) : PictureSubfolder list =
        let found = ResizeArray<PictureSubfolder>()

        // `above`: the real places of the folders on the way here.
        let rec visit (folder: DirectoryInfo) (names: string list) (above: string list) =
            let files = ResizeArray<string>()
            let folders = ResizeArray<DirectoryInfo>()

            for entry in folder.EnumerateFileSystemInfos() do
                if not (isHidden entry) then
                    match entry with
                    | :? DirectoryInfo as inner -> folders.Add inner
                    | file when isPicture file.Name -> files.Add file.Name
                    | _ -> ()

            if files.Count > 0 then
                found.Add
                    {
                        Names = List.rev names
                        Path = folder.FullName
                        Files = inOrder files
                    }

            folders.Sort(fun one other -> String.CompareOrdinal(one.Name, other.Name))

            for inner in folders do
                match realPath above.Head inner with
                | Some real when not (List.contains real above) -> visit inner (inner.Name :: names) (real :: above)
                | _ -> ()

        let start = DirectoryInfo(Path.TrimEndingDirectorySeparator(Path.GetFullPath root))

        let real =
            match start.ResolveLinkTarget true with
            | null -> start.FullName
            | target -> target.FullName

        visit start [] [ real ]
        List.ofSeq found

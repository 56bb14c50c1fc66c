namespace MetricLearning

open System
open System.IO

/// A folder of pictures, class by class.
module internal FolderListing =

    let private refuse (message: string) : 'T = raise (InvalidDataException message)

    let private columnName (level: int) =
        match level with
        | 0 -> "class"
        | 1 -> "group"
        | other -> $"group {other}"

    /// The files in the order of folders and names, and a column for each level of folders, from the innermost.
    let read (root: string) : PictureFiles * PictureColumn[] =
        if not (Directory.Exists root) then
            raise (DirectoryNotFoundException $"There is no folder {root}.")

        match FolderWalk.find root with
        | [] ->
            let endings = String.Join(", ", PictureBytes.extensions)
            refuse $"{root} has no pictures: no file's name ends with {endings}."
        | first :: _ as folders ->
            let example (folder: PictureSubfolder) = Path.Join(folder.Path, folder.Files[0])

            for folder in folders do
                if folder.Names.IsEmpty then
                    refuse
                        $"{example folder} is in no class's folder: give the folder around those of the classes, one folder a class."
                elif folder.Names.Length <> first.Names.Length then
                    refuse
                        $"{example first} is {first.Names.Length} folder(s) deep in {root}, {example folder} {folder.Names.Length}: all pictures must be in as many folders, as each is a level of labels."

            let folders = List.toArray folders

            let folderOf =
                folders
                |> Array.mapi (fun place folder -> Array.create folder.Files.Length place)
                |> Array.concat

            let column (level: int) =
                let label (folder: PictureSubfolder) =
                    String.Join('/', List.take (folder.Names.Length - level) folder.Names)

                let byFolder = PictureColumn.ofValues (columnName level) (Array.map label folders)

                { byFolder with
                    Codes = folderOf |> Array.map (fun place -> byFolder.Codes[place])
                }

            {
                Folders = folders |> Array.map _.Path
                FolderOf = folderOf
                Names = folders |> Array.collect _.Files
            },
            Array.init first.Names.Length column

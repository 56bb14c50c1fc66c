// Answers over HTTP which pictures are nearest to one that is sent:
//     dotnet run -c Release -- MODEL FOLDER
//     curl --data-binary @picture.png http://127.0.0.1:5000/search
// MODEL is the model.safetensors of the job pictures, FOLDER holds what is to be found, a subfolder for each class.
open System
open System.IO
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open TorchSharp
open MetricLearning

let serve (arguments: string[]) =
    TensorMemory.Keep() |> ignore
    let trunk, embedder = Networks.make ()
    use model = new InferenceModel(trunk, embedder)
    model.Load arguments[0]

    let pictures = PictureSet.FromFolder(arguments[1], OnBroken.Skip)
    use index = new NeighbourIndex()
    use gallery = new Gallery(model, index)

    let items =
        [
            for number in 0 .. pictures.Count - 1 ->
                IndexItem(pictures.PathOf number, pictures.Classes[int pictures.Labels[number]])
        ]

    gallery.Add(items, pictures.ToTrainingData Networks.format)

    let search (request: HttpRequest) (k: Nullable<int>) : Task<IResult> =
        task {
            use body = new MemoryStream()
            do! request.Body.CopyToAsync body

            try
                use _ = torch.NewDisposeScope()
                let picture = Networks.format.Decode(body.ToArray(), "the upload")
                let asked = Networks.format.ToTensor(picture).unsqueeze 0L
                let wanted = if k.HasValue then k.Value else 5
                let found = gallery.Search(asked, k = Math.Clamp(wanted, 1, pictures.Count))[0]

                return
                    Results.Ok
                        [
                            for item in found ->
                                {|
                                    id = $"{item.Id}"
                                    ``class`` = item.Label
                                    distance = item.Distance
                                |}
                        ]
            with :? PictureException as error ->
                return Results.Problem(error.Message, statusCode = 400)
        }

    let app = WebApplication.Create arguments

    app.MapGet(
        "/health",
        Func<_>(fun () ->
            {|
                status = "ready"
                pictures = pictures.Count
            |})
    )
    |> ignore

    app.MapPost("/search", Func<HttpRequest, Nullable<int>, Task<IResult>>(fun request k -> search request k))
    |> ignore

    printfn $"{pictures.Count} pictures of {pictures.Classes.Count} classes can be found"
    app.Run()

[<EntryPoint>]
let main arguments =
    if arguments.Length < 2 then
        eprintfn "Name a model and a folder of pictures: dotnet run -c Release -- MODEL FOLDER"
        1
    else
        serve arguments
        0

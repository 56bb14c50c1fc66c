// Answers over HTTP which pictures are nearest to one that is sent:
//     dotnet run -c Release -- MODEL FOLDER
//     curl --data-binary @picture.png http://127.0.0.1:5000/search
// MODEL is the model.safetensors of the job pictures, FOLDER holds what is to be found, a subfolder for each class.
using MetricLearning;
using TorchSharp;
using static TorchSharp.torch;

if (args.Length < 2)
{
    Console.Error.WriteLine("Name a model and a folder of pictures: dotnet run -c Release -- MODEL FOLDER");
    return 1;
}

TensorMemory.Keep();
var (trunk, embedder) = Networks.Make();
using var model = new InferenceModel(trunk, embedder);
model.Load(args[0]);

var pictures = PictureSet.FromFolder(args[1], OnBroken.Skip);
using var index = new NeighbourIndex();
using var gallery = new Gallery(model, index);
gallery.Add(
    pictures.Labels.Select((label, number) => new IndexItem(pictures.PathOf(number), pictures.Classes[(int)label])),
    pictures.ToTrainingData(Networks.Format)
);

var app = WebApplication.Create(args);
app.MapGet("/health", () => new { status = "ready", pictures = pictures.Count });
app.MapPost(
    "/search",
    async (HttpRequest request, int? k) =>
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        try
        {
            using var scope = NewDisposeScope();
            var asked = Networks.Format.ToTensor(Networks.Format.Decode(body.ToArray(), "the upload")).unsqueeze(0);
            var found = gallery.Search(asked, k: Math.Clamp(k ?? 5, 1, pictures.Count))[0];
            return Results.Ok(
                found.Select(item => new
                {
                    id = $"{item.Id}",
                    @class = item.Label,
                    distance = item.Distance,
                })
            );
        }
        catch (PictureException error)
        {
            return Results.Problem(error.Message, statusCode: 400);
        }
    }
);
Console.WriteLine($"{pictures.Count} pictures of {pictures.Classes.Count} classes can be found");
app.Run();
return 0;

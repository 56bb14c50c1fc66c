using MetricLearning;
using static TorchSharp.torch;

namespace Pictures;

/// <summary>A saved model on pictures of classes that it never saw.</summary>
internal static class Evaluation
{
    public static RetrievalScores Of(string file, string folder, Options options)
    {
        var networks = Networks.ReadFrom(InferenceModel.ReadCard(file));
        var (trunk, embedder) = networks.Make(options.Device);
        using var model = new InferenceModel(
            trunk,
            embedder,
            dataloaderNumWorkers: options.Workers,
            precision: options.Precision
        );
        model.Load(file);

        var pictures = PictureSet.FromFolder(folder);
        var embeddings = model.GetLabelledEmbeddings(pictures.ToTrainingData(networks.Format)).Embeddings;
        return Scores.Of(embeddings, tensor(pictures.Labels));
    }
}

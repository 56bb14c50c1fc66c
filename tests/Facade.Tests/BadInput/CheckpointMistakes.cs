using MetricLearning.Tests.Logging;
using MetricLearning.Tests.Training;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.BadInput;

/// <summary>Checkpoints of somebody else, in strange places, of a trainer that is no more.</summary>
public sealed class CheckpointMistakes
{
    [Theory]
    [InlineData("Save")]
    [InlineData("Resume")]
    [InlineData("ResumeLatest")]
    public void A_disposed_trainer_says_so(string use)
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        var trainer = new MetricLossOnly(scenario.Options);
        trainer.SaveCheckpoint(place.At("run.safetensors"));
        trainer.Dispose();

        Action act = use switch
        {
            "Save" => () => trainer.SaveCheckpoint(place.At("other.safetensors")),
            "Resume" => () => trainer.Resume(place.At("run.safetensors")),
            _ => () => trainer.ResumeLatest(place.Path),
        };

        Assert.Throws<ObjectDisposedException>(act);
        Assert.Equal(["run.safetensors"], place.Files(""));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    public void A_path_is_a_path(string? path)
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        Assert.ThrowsAny<ArgumentException>(() => trainer.SaveCheckpoint(path!));
        Assert.ThrowsAny<ArgumentException>(() => trainer.Resume(path!));
    }

    [Fact]
    public void A_file_that_is_not_there()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        Refusing.In<FileNotFoundException>(scenario.Options, trainer, () => trainer.Resume(place.At("none")), "none");
    }

    [Fact]
    public void No_folder_to_look_into()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        Refusing.In<ArgumentException>(scenario.Options, trainer, () => trainer.ResumeLatest(), "Checkpoints");
    }

    [Fact]
    public void Another_network()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.SaveCheckpoint(place.At("run.safetensors"));
        using var wider = nn.Linear(6, 5);
        using var other = new Scenario();
        var options = new TrainerOptions(other.Options)
        {
            Models = new() { Trunk = other.Trunk, Embedder = wider },
            Optimizers = new() { Trunk = other.TrunkOptimizer, Embedder = optim.Adam(wider.parameters(), 0.01) },
        };
        using var successor = new MetricLossOnly(options);

        Refusing.In<ArgumentException>(
            options,
            successor,
            () => successor.Resume(place.At("run.safetensors")),
            "\"embedder.weight\" has the shape [3 × 6], here it has [5 × 6]"
        );
    }

    [Fact]
    public void A_checkpoint_of_somebody_else_in_the_folder()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        var options = new TrainerOptions(scenario.Options)
        {
            Checkpoints = new() { Folder = place.Path, EveryIterations = 1 },
        };
        using (var trainer = new MetricLossOnly(options))
        {
            trainer.Train(1);
        }

        var files = place.Files("");
        using var other = new MetricLossOnly(options);
        var error = Assert.Throws<InvalidOperationException>(() => other.Train(1));
        Assert.Contains("ResumeLatest", error.Message, StringComparison.Ordinal);
        Assert.Equal(files, place.Files(""));
    }

    [Fact]
    public void Options_that_make_no_sense()
    {
        using var scenario = new Scenario();
        var options = new CheckpointOptions { Folder = "folder", EveryIterations = 0 };
        var error = Assert.Throws<SetupException>(() =>
            new MetricLossOnly(new TrainerOptions(scenario.Options) { Checkpoints = options })
        );
        Assert.Contains("EveryIterations is 0", error.Message, StringComparison.Ordinal);
    }
}

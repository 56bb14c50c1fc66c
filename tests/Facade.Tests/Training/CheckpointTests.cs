using MetricLearning.Tests.Logging;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

public sealed class CheckpointTests
{
    private static CheckpointOptions Every(int iterations, string folder) =>
        new() { Folder = folder, EveryIterations = iterations };

    [Fact]
    public void Another_process_goes_on_as_if_nothing_had_happened()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Train(1);
        trainer.Step();
        trainer.SaveCheckpoint(place.At("run.safetensors"));
        var saved = scenario.Weights();

        using var other = new Scenario();
        using var successor = new MetricLossOnly(new TrainerOptions(other.Options) { Seed = 77 });
        successor.Step();
        successor.Resume(place.At("run.safetensors"));

        Assert.Equal(saved, other.Weights());
        Assert.Equal((2, 0, 3L), (successor.Epoch, successor.Iteration, successor.GlobalIteration));
        Assert.Equal(trainer.Losses, successor.Losses);
        successor.Train(3);
        trainer.Train(3);
        Assert.Equal(scenario.Weights(), other.Weights());
        Assert.NotEqual(saved, other.Weights());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Hooks_save(bool inEpochHook)
    {
        using var place = new TemporaryFolder();
        var path = place.At("run.safetensors");
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfIterationHook = t =>
                {
                    if (!inEpochHook && t is { Epoch: 2, Iteration: 2 })
                    {
                        t.SaveCheckpoint(path);
                    }
                },
                EndOfEpochHook = t =>
                {
                    if (inEpochHook && t.Epoch == 2)
                    {
                        t.SaveCheckpoint(path);
                    }

                    return true;
                },
            }
        );
        trainer.Train(3);
        var epochs = new List<int>();
        using var other = new Scenario();
        using var successor = new MetricLossOnly(
            new TrainerOptions(other.Options)
            {
                EndOfEpochHook = t =>
                {
                    epochs.Add(t.Epoch);
                    return null;
                },
            }
        );
        successor.Resume(path);
        successor.Train(3);

        Assert.Equal(Scenario.After(3), scenario.Weights());
        Assert.Equal(Scenario.After(3), other.Weights());
        // The end of epoch 2 was still to come where an iteration's hook saved.
        Assert.Equal(inEpochHook ? [3] : [2, 3], epochs);
    }

    [Fact]
    public void A_run_saves_itself_and_goes_on_from_the_newest()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        var log = new Lines();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options) { Checkpoints = Every(2, place.Path) }
        );
        Assert.False(trainer.ResumeLatest());
        trainer.Train(1);
        Assert.Equal(["checkpoint-00000002.safetensors", "checkpoint-00000003.safetensors"], place.Files(""));
        trainer.Step();

        using var other = new Scenario();
        using var successor = new MetricLossOnly(
            new TrainerOptions(other.Options) { Checkpoints = Every(2, place.Path), Logger = log }
        );
        Assert.True(successor.ResumeLatest());
        // The fourth iteration was saved too.
        Assert.Equal((2, 0, 3L), (successor.Epoch, successor.Iteration, successor.GlobalIteration));
        successor.Train(3);
        Assert.Equal(Scenario.After(3), other.Weights());
        Assert.Equal(3, place.Files("").Length);
        Assert.Contains(log.Seen, line => line.Text.Contains("Resumed from", StringComparison.Ordinal));
    }

    [Fact]
    public void A_cancelled_run_saves_itself()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        using var source = new CancellationTokenSource();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                Checkpoints = Every(1000, place.Path),
                EndOfIterationHook = t =>
                {
                    if (t.GlobalIteration == 3)
                    {
                        source.Cancel();
                    }
                },
            }
        );

        Assert.Throws<OperationCanceledException>(() => trainer.Train(5, cancellationToken: source.Token));

        using var other = new Scenario();
        using var successor = new MetricLossOnly(other.Options);
        Assert.True(successor.ResumeLatest(place.Path));
        successor.Train(3);
        Assert.Equal(Scenario.After(3), other.Weights());
    }

    [Fact]
    public void What_belongs_to_a_checkpoint_is_brought_to_disk_before_it()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options) { Checkpoints = Every(2, place.Path) }
        );
        var seen = new List<(long Iteration, int Files)>();
        trainer.CheckpointSaving += t => seen.Add((t.GlobalIteration, place.Files("").Length));
        trainer.Train(1);
        trainer.SaveCheckpoint(place.At("own"));

        Assert.Equal([(1, 0), (2, 1), (2, 2)], seen);
    }

    [Fact]
    public void A_damaged_file_is_refused_and_passed_over()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        using (
            var trainer = new MetricLossOnly(
                new TrainerOptions(scenario.Options) { Checkpoints = Every(1, place.Path) }
            )
        )
        {
            trainer.Train(1);
        }

        var newest = place.At("checkpoint-00000003.safetensors");
        var bytes = File.ReadAllBytes(newest);
        bytes[^100] ^= 4;
        File.WriteAllBytes(newest, bytes);

        var log = new Lines();
        using var other = new Scenario();
        using var successor = new MetricLossOnly(new TrainerOptions(other.Options) { Logger = log });
        var before = other.Weights();
        var error = Assert.Throws<InvalidDataException>(() => successor.Resume(newest));
        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, other.Weights());
        Assert.True(successor.ResumeLatest(place.Path));
        Assert.Contains(log.Seen, line => line.Text.Contains("passed over", StringComparison.Ordinal));
        successor.Train(3);
        Assert.Equal(Scenario.After(3), other.Weights());
    }

    [Fact]
    public void A_networks_weights_are_in_the_file_by_their_own_names()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Step();
        trainer.SaveCheckpoint(place.At("run.safetensors"));

        using var file = SafetensorsFile.Open(place.At("run.safetensors"));
        foreach (var (name, weights) in scenario.Trunk.state_dict())
        {
            using var saved = file.Tensor($"trunk.{name}");
            Assert.Equal(weights.detach().contiguous().bytes.ToArray(), saved.bytes.ToArray());
        }
    }
}

using MetricLearning.Core;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

/// <summary>Data, labels and their order, in every form.</summary>
public sealed class DataTests
{
    private static string Train(Scenario scenario, TrainerOptions options)
    {
        using var trainer = new MetricLossOnly(options);
        trainer.Train(2);
        return scenario.Weights();
    }

    public static TheoryData<string> Forms =>
        ["ints", "a tensor", "samples", "a function", "torch data set", "collate and getter", "a dictionary"];

    private sealed class Rows(Scenario scenario) : utils.data.Dataset
    {
        public override long Count => 24;

        public override Dictionary<string, Tensor> GetTensor(long index) =>
            new() { ["data"] = scenario.Data[index], ["label"] = tensor(scenario.Labels[index]) };
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void The_form_of_the_data_changes_nothing(string form)
    {
        using var s = new Scenario();
        var options = form switch
        {
            "ints" => new TrainerOptions(s.Options)
            {
                Dataset = TrainingData.FromTensors(s.Data, s.Labels.Select(label => (int)label).ToArray()),
            },
            "a tensor" => new TrainerOptions(s.Options)
            {
                Dataset = TrainingData.FromTensors(s.Data, tensor(s.Labels)),
            },
            "samples" => new TrainerOptions(s.Options)
            {
                Dataset = TrainingData.FromSamples(s.Samples()),
                DataloaderNumWorkers = 2,
            },
            "a function" => new TrainerOptions(s.Options)
            {
                Dataset = TrainingData.FromSamples(24, (index, _) => (s.Data[index], s.Labels[index])),
                DataloaderNumWorkers = 3,
            },
            "torch data set" => new TrainerOptions(s.Options) { Dataset = new Rows(s) },
            "collate and getter" => new TrainerOptions(s.Options)
            {
                Dataset = TrainingData.FromSamples(24, (index, _) => index),
                CollateFn = indices => indices.Cast<long>().ToArray(),
                DataAndLabelGetter = batch =>
                    (
                        s.Data.index_select(0, tensor((long[])batch)),
                        ((long[])batch).Select(index => s.Labels[index]).ToArray()
                    ),
            },
            _ => new TrainerOptions(s.Options)
            {
                Dataset = TrainingData.FromSamples(
                    24,
                    (index, _) =>
                        new Dictionary<string, object> { ["data"] = s.Data[index], ["label"] = s.Labels[index] }
                ),
            },
        };

        Assert.Equal(Scenario.After(2), Train(s, options));
    }

    [Fact]
    public void Labels_in_words_become_their_ranks()
    {
        using var scenario = new Scenario();
        using var ranked = new Scenario();
        string[] words = [.. scenario.Labels.Select(label => "dcba"[(int)label].ToString())];
        var seen = new List<long>();
        var options = new TrainerOptions(scenario.Options)
        {
            Dataset = TrainingData.FromSamples(24, (index, _) => (scenario.Data[index], words[index])),
            DatasetLabels = words,
            SetMinLabelToZero = true,
            LossFuncs = new() { MetricLoss = new ArcFaceLoss(4, 3) { WeightInitFunc = weights => weights.fill_(0.5) } },
        };
        var numbers = new TrainerOptions(ranked.Options)
        {
            Dataset = TrainingData.FromTensors(ranked.Data, [.. ranked.Labels.Select(label => 30 - (10 * label))]),
            DatasetLabels = new long[] { 0, 10, 20, 30 },
            SetMinLabelToZero = true,
            LossFuncs = new() { MetricLoss = new ArcFaceLoss(4, 3) { WeightInitFunc = weights => weights.fill_(0.5) } },
        };

        using var trainer = new CustomTrainer(
            options,
            context =>
            {
                seen.AddRange(context.Labels.data<long>());
                return [new("metric_loss", context.Loss("metric_loss", context.Embeddings()))];
            }
        );
        trainer.Train(2);

        Assert.Equal([0, 1, 2, 3], seen.Distinct().Order());
        Assert.Equal(scenario.Weights(), Train(ranked, numbers));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_level_of_the_hierarchy_is_trained_on(int level)
    {
        using var scenario = new Scenario();
        using var flat = new Scenario();
        long[][] levels = [.. scenario.Labels.Select((label, index) => new[] { label, (long)(index / 6) })];

        var hierarchical = Train(
            scenario,
            new TrainerOptions(scenario.Options)
            {
                Dataset = TrainingData.FromTensors(scenario.Data, (object)levels),
                LabelHierarchyLevel = level,
            }
        );
        var one = Train(
            flat,
            new TrainerOptions(flat.Options)
            {
                Dataset = TrainingData.FromTensors(flat.Data, levels.Select(labels => labels[level]).ToArray()),
            }
        );

        Assert.Equal(one, hierarchical);
    }

    [Fact]
    public void Data_are_converted_to_a_dtype()
    {
        using var scenario = new Scenario();
        var dataset = TrainingData.FromTensors(scenario.Data.to(ScalarType.Float64), scenario.Labels);
        var options = new TrainerOptions(scenario.Options) { Dataset = dataset, Dtype = ScalarType.Float32 };
        Assert.Equal(Scenario.After(2), Train(scenario, options));
    }

    [Fact]
    public void Several_inputs_go_to_a_trunk_that_takes_as_many()
    {
        using var scenario = new Scenario();
        var trunk = new Made.TwoInputs();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                Models = new() { Trunk = trunk, Embedder = scenario.Embedder },
                Optimizers = new() { Trunk = optim.SGD(trunk.parameters(), 0.1) },
                Dataset = TrainingData.FromTensors([scenario.Data, scenario.Data * 2], scenario.Labels),
            }
        );
        var before = trunk.parameters().First().data<float>().ToArray();
        trainer.Train(1);
        Assert.NotEqual(before, trunk.parameters().First().data<float>().ToArray());
    }

    public static TheoryData<string> Orders =>
        ["indices", "batches", "sampler", "batch sampler", "sequence", "sequence of batches"];

    [Theory]
    [MemberData(nameof(Orders))]
    public void The_order_of_the_data_is_the_users(string form)
    {
        using var scenario = new Scenario();
        long[] indices = [.. Enumerable.Range(0, 20).Select(index => (long)index)];
        long[][] batches = [indices[..8], indices[8..16]];
        AnySampler sampler = form switch
        {
            "indices" => indices,
            "batches" => batches,
            "sampler" => new Made.Order(_ => indices),
            "batch sampler" => new Made.BatchOrder(_ => batches),
            "sequence" => AnySampler.Indices(indices.Where(_ => true)),
            _ => AnySampler.Batches(batches.Where(_ => true)),
        };
        var seen = new List<float[]>();
        using var trainer = new CustomTrainer(
            new TrainerOptions(scenario.Options) { Sampler = sampler },
            context =>
            {
                seen.Add(context.Data[0].data<float>().ToArray());
                return [new("metric_loss", context.Loss("metric_loss", context.Embeddings()))];
            }
        );

        trainer.Train(2);

        Assert.Equal(4, seen.Count);
        Assert.Equal(scenario.Data[..8].data<float>().ToArray(), seen[0]);
        Assert.Equal(scenario.Data[8..16].contiguous().data<float>().ToArray(), seen[1]);
        Assert.Equal(seen[0], seen[2]);
    }
}

using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace PictureShop;

/// <summary>The page measures.</summary>
public sealed partial class Measures
{
    [Fact]
    public void Losses_and_miners_work_by_hand()
    {
        using var scope = NewDisposeScope();
        var embeddings = rand(6, 3, generator: new Generator(1)).requires_grad_();
        var labels = tensor([0L, 0, 1, 1, 2, 2]);
        var (references, refLabels) = (rand(10, 3, generator: new Generator(2)), arange(10) % 3);

        using var loss = new ContrastiveLoss(negMargin: 0.5) { CollectStats = true };
        var miner = new BatchHardMiner();

        var all = loss.Compute(embeddings, labels);
        var mined = loss.Compute(embeddings, labels, miner.Mine(embeddings, labels));
        var pair = Tuples.NewPairs(tensor([0L]), tensor([1L]), tensor([0L]), tensor([2L]));
        var given = loss.Compute(embeddings, null, pair);
        var against = loss.Compute(embeddings, labels, Tuples.All, references, refLabels);

        all.backward();

        Assert.True(embeddings.grad!.abs().sum().item<float>() > 0);
        Assert.Equal(6, miner.Stats["num_triplets"]);
        Assert.Equal(against.item<float>(), loss.Stats["loss"], 1e-6);
        Assert.NotEqual(all.item<float>(), mined.item<float>());
        Assert.NotEqual(given.item<float>(), against.item<float>());
    }

    [Fact]
    public void A_memory_warms_up()
    {
        using var scope = NewDisposeScope();
        var embeddings = rand(6, 3, generator: new Generator(1));
        var labels = tensor([0L, 0, 1, 1, 2, 2]);

        using var loss = new CrossBatchMemory(new ContrastiveLoss(), embeddingSize: 3, memorySize: 64, warmUp: 1);

        using var plain = new ContrastiveLoss();
        Assert.Equal(plain.Compute(embeddings, labels).item<float>(), loss.Compute(embeddings, labels).item<float>());
        Assert.Equal(6, loss.QueueIdx);
        loss.Compute(embeddings, labels, zeros(6, dtype: ScalarType.Bool));
        Assert.Equal(6, loss.QueueIdx);
        loss.ResetQueue();
        Assert.Equal(0, loss.QueueIdx);
    }

    [Fact]
    public void Losses_are_added()
    {
        using var scope = NewDisposeScope();
        var embeddings = rand(6, 3, generator: new Generator(1));
        var labels = tensor([0L, 0, 1, 1, 2, 2]);

        using var loss = new MultipleLosses(
            [new TripletMarginLoss(), new CosFaceLoss(numClasses: 10, embeddingSize: 3)],
            miners: [new BatchHardMiner(), null],
            weights: [1, 0.25]
        );

        Assert.True(loss.Compute(embeddings, labels).item<float>() > 0);
        Assert.Equal(["losses.1.W"], loss.named_parameters().Select(parameter => parameter.name));
    }

    [Fact]
    public void Views_are_compared_without_labels()
    {
        using var scope = NewDisposeScope();
        var (one, other) = (rand(6, 3, generator: new Generator(1)), rand(6, 3, generator: new Generator(2)));

        using var loss = new SelfSupervisedLoss(new NTXentLoss());
        var value = loss.Compute(one, null, Tuples.All, other, null);

        Assert.True(value.item<float>() > 0);
    }

    private static readonly Type[] Kinds =
    [
        typeof(Loss),
        typeof(Miner),
        typeof(Distance),
        typeof(Reducer),
        typeof(Regularizer),
        typeof(Sampler),
        typeof(BatchSampler),
    ];

    /// <summary>Arguments that the page tells of all parts of a kind together.</summary>
    private static readonly string[] Common =
    [
        "collectStats",
        "distance",
        "reducer",
        "embeddingRegularizer",
        "embeddingRegWeight",
        "weightInitFunc",
        "weightRegularizer",
        "weightRegWeight",
    ];

    private static readonly Type[] OfTheCore =
    [
        typeof(Distance),
        typeof(Reducer),
        typeof(Regularizer),
        typeof(Miner),
        typeof(Sampler),
        typeof(BatchSampler),
    ];

    private static IEnumerable<Type> PartTypes =>
        typeof(MetricLossOnly)
            .Assembly.GetExportedTypes()
            .Where(type => Kinds.Any(kind => kind.IsAssignableFrom(type)))
            .Concat(
                typeof(Loss)
                    .Assembly.GetExportedTypes()
                    .Where(type => type.IsSealed && OfTheCore.Any(kind => kind.IsAssignableFrom(type)))
            );

    public static TheoryData<string> Parts => new(PartTypes.Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Parts))]
    public void Every_part_is_told_with_its_arguments_and_defaults(string name)
    {
        var section = Section(name);
        var row = Row(section, "arguments");
        var part = PartTypes.Single(type => type.Name == name);
        var arguments = part.GetConstructors()[0].GetParameters().Where(argument => !Common.Contains(argument.Name));

        Assert.All(arguments, argument => Assert.Contains(Told(argument), row, StringComparison.Ordinal));

        if (OfTheCore.Any(kind => kind.IsAssignableFrom(part)))
        {
            return;
        }

        if (Twin().Match(Row(section, "F#")) is { Success: true } twin)
        {
            var module = typeof(Loss).Assembly.GetExportedTypes().Where(type => Named(type, twin.Groups[1].Value));
            Assert.Contains(module, type => type.GetMethod(twin.Groups[2].Value) is not null);
        }
        else
        {
            var type = Made().Match(Row(section, "F#")).Groups[1].Value;
            Assert.Contains(typeof(Loss).Assembly.GetExportedTypes(), candidate => candidate.Name == type);
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void Every_part_has_its_formula_and_stands_in_the_overview(string name)
    {
        Assert.Contains("```math\n", Section(name), StringComparison.Ordinal);
        Assert.Single(
            PageTests.Read("docs/measures.md").Split('\n'),
            line =>
                Entries.Any(page =>
                    line.StartsWith($"| [`{name}`]({page}#{name.ToLowerInvariant()}) |", StringComparison.Ordinal)
                )
        );
    }

    [Theory]
    [InlineData(typeof(Loss), "distance, reducer")]
    [InlineData(typeof(Miner), "distance")]
    [InlineData(typeof(Regularizer), "distance, reducer")]
    public void Defaults_are_told_of_every(Type kind, string row) =>
        Assert.All(PartTypes.Where(kind.IsAssignableFrom), part => Assert.NotEmpty(Row(Section(part.Name), row)));

    /// <summary>The pages that have a section for every part.</summary>
    private static readonly string[] Entries = ["losses.md", "miners.md", "parts.md", "samplers.md"];

    private static string Section(string name) =>
        Entries
            .SelectMany(page => Headings().Split(PageTests.Read($"docs/{page}")))
            .Single(section => section.StartsWith($"{name}\n", StringComparison.Ordinal));

    private static string Row(string section, string title) =>
        section.Split('\n').Single(line => line.StartsWith($"| {title} |", StringComparison.Ordinal));

    [GeneratedRegex("^#+ ", RegexOptions.Multiline)]
    private static partial Regex Headings();

    private static string Told(ParameterInfo argument) =>
        argument switch
        {
            { IsOptional: false } => $"`{argument.Name}`",
            { HasDefaultValue: false } => $"`{argument.Name} = null`",
            { DefaultValue: bool value } => $"`{argument.Name} = {(value ? "true" : "false")}`",
            { DefaultValue: null } => $"`{argument.Name} = null`",
            { DefaultValue: var value } => string.Create(CultureInfo.InvariantCulture, $"`{argument.Name} = {value}`"),
        };

    private static bool Named(Type type, string module) => type.Name == module || type.Name == module + "Module";

    [GeneratedRegex(@"`(\w+)\.(loss)` \|$")]
    private static partial Regex Twin();

    [GeneratedRegex(@"`(\w+)\(…\)` \|$")]
    private static partial Regex Made();

    [Fact]
    public void Class_weights_classify()
    {
        using var scope = NewDisposeScope();
        var embeddings = rand(6, 3, generator: new Generator(1));
        using var loss = new ArcFaceLoss(numClasses: 10, embeddingSize: 3);

        var classes = loss.GetLogits(embeddings).argmax(1);

        Assert.Equal([6], classes.shape);
    }
}

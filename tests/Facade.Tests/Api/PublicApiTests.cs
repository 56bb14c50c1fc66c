using PublicApiGenerator;
using Xunit;

namespace MetricLearning.Tests.Api;

public sealed class PublicApiTests
{
    private static string Current()
    {
        var core = PublicTypes.Reached().Where(type => type.Assembly == PublicTypes.Core && !type.IsNested);
        var options = Options();
        var ofCore = Options();
        ofCore.IncludeTypes = [.. core];

        return $"""
            // MetricLearning
            {PublicTypes.Facade.GeneratePublicApi(options)}
            // MetricLearning.Core: what both languages use, and as far as its signatures reach
            {PublicTypes.Core.GeneratePublicApi(ofCore)}
            // MetricLearning.Approximate
            {PublicTypes.Approximate.GeneratePublicApi(options)}
            """.ReplaceLineEndings("\n");
    }

    // What the F# compiler notes down for itself is not part of the API.
    private static ApiGeneratorOptions Options() =>
        new()
        {
            IncludeAssemblyAttributes = false,
            ExcludeAttributes =
            [
                .. typeof(Microsoft.FSharp.Core.CompilationMappingAttribute)
                    .Assembly.GetExportedTypes()
                    .Where(type => type.IsSubclassOf(typeof(Attribute)))
                    .Select(type => type.FullName!),
            ],
        };

    [Fact]
    public void The_public_API_is_the_one_that_was_agreed_on()
    {
        var current = Current();
        var path = Repository.At("tests", "Facade.Tests", "PublicApi.txt");

        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1")
        {
            File.WriteAllText(path, current);
        }

        var agreed = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        var (now, before) = (current.Split('\n'), agreed.Split('\n'));
        var added = now.Except(before).Select(line => "+ " + line.Trim());
        var gone = before.Except(now).Select(line => "- " + line.Trim());

        Assert.True(
            current == agreed,
            "The public API differs from tests/Facade.Tests/PublicApi.txt. If that is meant, run\n"
                + "  UPDATE_PUBLIC_API=1 dotnet test tests/Facade.Tests --filter PublicApiTests\n"
                + "and commit the file.\n"
                + string.Join("\n", gone.Concat(added).Take(60))
        );
    }
}

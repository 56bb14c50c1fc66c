using ServiceTrials;

const string usage = """
    kills [N]                 the service is killed N times (50) while items are added and removed
    load [SECONDS] [MODEL]    1 and 8 clients for so long each (60), alone and beside additions and rebuilds
    browser [FOLDER]          a picture is dropped on the page in Chromium; screenshots go to the folder
    """;

switch (args)
{
    case ["kills", .. var rest]:
        return await Kills.Run(rest is [var times] ? int.Parse(times) : 50);
    case ["load", .. var rest]:
        return await Load.Run(rest is [var seconds, ..] ? int.Parse(seconds) : 60, rest.ElementAtOrDefault(1));
    case ["browser", .. var rest]:
        return await Browser.Run(rest.FirstOrDefault());
    default:
        Console.Error.WriteLine(usage);
        return 1;
}

using Microsoft.Playwright;

namespace ServiceTrials;

/// <summary>A picture is dropped on the page in Chromium, which CHROMIUM names, or is Debian's.</summary>
internal static class Browser
{
    private const string Drop = """
        (field, { name, type, content }) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], name, { type }));
            for (const event of ["dragover", "drop"])
                field.dispatchEvent(new DragEvent(event, { dataTransfer, bubbles: true, cancelable: true }));
        }
        """;

    public static async Task<int> Run(string? screenshots)
    {
        var chromium = Environment.GetEnvironmentVariable("CHROMIUM") ?? "/usr/bin/chromium";
        if (!File.Exists(chromium))
        {
            Console.Error.WriteLine(
                $"There is no {chromium}: install Chromium (apt-get install chromium), or name it in CHROMIUM."
            );
            return 1;
        }

        using var folder = new Folder();
        TinyModel.Save(folder["model.safetensors"]);
        using var service = await ServiceProcess.Start(folder);
        foreach (var shade in Enumerable.Range(0, 12))
        {
            var (label, picture) =
                shade % 2 == 0
                    ? ("red", Squares.Png(255 - shade, shade, 0, 64))
                    : ("blue", Squares.Png(shade, 0, 255 - shade, 64));
            (await service.Post($"/items?id={label}-{shade}&class={label}", picture)).EnsureSuccessStatusCode();
        }

        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(
            new()
            {
                ExecutablePath = chromium,
                Args = ["--no-sandbox"], // containers, and a page of our own
            }
        );
        var checks = new Checks();
        foreach (
            var (width, scheme) in new[]
            {
                (1280, ColorScheme.Light),
                (1280, ColorScheme.Dark),
                (390, ColorScheme.Light),
                (390, ColorScheme.Dark),
            }
        )
            await Look(browser, service, width, scheme, screenshots, checks);
        return checks.Sum();
    }

    private static async Task Look(
        IBrowser browser,
        ServiceProcess service,
        int width,
        ColorScheme scheme,
        string? screenshots,
        Checks checks
    )
    {
        await using var context = await browser.NewContextAsync(
            new()
            {
                ViewportSize = new() { Width = width, Height = 800 },
                ColorScheme = scheme,
            }
        );
        var page = await context.NewPageAsync();
        var errors = new List<string>();
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                errors.Add(message.Text);
        };
        page.PageError += (_, error) => errors.Add(error);
        await page.GotoAsync(service.Client.BaseAddress!.ToString());

        var field = page.Locator("#drop");
        var nearest = page.Locator("#neighbours li");
        await Dropped(field, "mine.png", "image/png", Squares.Png(250, 5, 0, 64));
        await nearest.First.WaitForAsync();
        var status = await page.GetByRole(AriaRole.Status).TextContentAsync() ?? "";
        checks.That(await nearest.CountAsync() == 10, $"{await nearest.CountAsync()} neighbours of ten");
        checks.That((await nearest.First.TextContentAsync() ?? "").StartsWith("red"), "the nearest to red is red");
        checks.That(status.StartsWith("It looks like red"), $"it says: {status}");
        checks.That(
            await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"),
            $"the page is wider than {width} pixels"
        );
        checks.That(
            await page.EvaluateAsync<bool>("[...document.images].every((image) => image.alt !== '')"),
            "a picture has no text"
        );
        if (screenshots is not null)
        {
            await page.EvaluateAsync("Promise.all([...document.images].map((image) => image.decode()))");
            Directory.CreateDirectory(screenshots);
            await page.ScreenshotAsync(
                new() { Path = Path.Combine(screenshots, $"page-{width}-{scheme}.png"), FullPage = true }
            );
        }

        await page.GetByLabel("Neighbours").SelectOptionAsync("5");
        await page.Locator("#neighbours li:nth-child(5):last-child").WaitForAsync();
        await page.Locator("#file")
            .SetInputFilesAsync(
                new FilePayload
                {
                    Name = "blue.png",
                    MimeType = "image/png",
                    Buffer = Squares.Blue,
                }
            );
        await page.GetByText("It looks like blue").WaitForAsync();
        checks.That(errors.Count == 0, string.Join("; ", errors));

        await Dropped(field, "letter.txt", "text/plain", "Dear reader"u8.ToArray());
        await page.GetByText("text/plain is neither").WaitForAsync();
        checks.That(await nearest.CountAsync() == 0, "neighbours of a text");

        await page.Keyboard.PressAsync("Tab");
        checks.That(
            await page.EvaluateAsync<string>("document.activeElement.id") is "file" or "k",
            "the keyboard reaches no field"
        );
    }

    private static Task Dropped(ILocator field, string name, string type, byte[] content) =>
        field.EvaluateAsync(
            Drop,
            new
            {
                name,
                type,
                content = Convert.ToBase64String(content),
            }
        );
}

using MetricLearning;

namespace PictureService.Http;

/// <summary>What a request brings: a picture, as its body or in a form, and words, in the form or in the address.</summary>
/// <param name="File">The bytes of the picture's file.</param>
/// <param name="Picture">The picture.</param>
/// <param name="Word">The word of a name; null if there is none.</param>
internal sealed record Upload(byte[] File, Picture Picture, Func<string, string?> Word)
{
    /// <exception cref="Refusal">There is no picture.</exception>
    /// <exception cref="PictureException">What is there is none, or it is too large.</exception>
    public static async Task<Upload> Read(HttpRequest request, PictureFormat format)
    {
        if (!request.HasFormContentType)
        {
            var type = request.ContentType?.Split(';')[0].Trim().ToLowerInvariant() ?? "";
            return type is "" or "application/octet-stream" || type.StartsWith("image/")
                ? await Of(request.Body, "the picture", request.Text)
                : throw new Refusal(
                    415,
                    $"Send a picture as the body, with its own type such as image/png, or as the file of a form (multipart/form-data); {type} is neither."
                );
        }

        var form = await Form(request);
        if (form.Files.Count != 1)
            throw new Refusal(400, $"The form has {form.Files.Count} files: give one, the picture.");
        using var content = form.Files[0].OpenReadStream();
        return await Of(content, Name(form.Files[0].FileName), word => One(form, word) ?? request.Text(word));

        async Task<Upload> Of(Stream from, string name, Func<string, string?> words)
        {
            using var memory = new MemoryStream();
            await from.CopyToAsync(memory, request.HttpContext.RequestAborted);
            var bytes = memory.ToArray();
            return bytes.Length == 0
                ? throw new Refusal(400, "There is no picture in the request: it is empty.")
                : new(bytes, format.Decode(bytes, name), words);
        }
    }

    private static async Task<IFormCollection> Form(HttpRequest request)
    {
        try
        {
            return await request.ReadFormAsync(request.HttpContext.RequestAborted);
        }
        catch (Exception broken) when (broken is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw new Refusal(400, $"The form cannot be read: {broken.Message}");
        }
    }

    private static string? One(IFormCollection form, string word)
    {
        var given = form[word];
        if (given.Count > 1)
            throw new Refusal(400, $"{word} is in the form {given.Count} times: give it once.");
        return string.IsNullOrEmpty(given) ? null : given.ToString();
    }

    private static string Name(string file) => file.Length is 0 or > 200 ? "the picture" : file;
}

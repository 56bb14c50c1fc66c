using MetricLearning;
using Microsoft.AspNetCore.Diagnostics;

namespace PictureService.Http;

/// <summary>Errors as answers: application/problem+json, whose "detail" says what to do.</summary>
internal sealed class Problems(IProblemDetailsService problems, Options options, ILogger<Problems> log)
    : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception error, CancellationToken cancelled)
    {
        var (status, detail) = error switch
        {
            Refusal refusal => (refusal.Status, refusal.Message),
            PictureException broken => (422, broken.Message),
            BadHttpRequestException { StatusCode: 413 } => (
                413,
                $"The request is larger than {options.MaxUpload} bytes, which is the limit here: send a smaller picture."
            ),
            BadHttpRequestException bad => (bad.StatusCode, bad.Message),
            _ => (500, "The service failed; its log says why."),
        };
        if (status == 500)
            log.LogError(error, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
        context.Response.StatusCode = status;
        // Measurements count the answer for the endpoint that gave it.
        context.SetEndpoint(context.Features.Get<IExceptionHandlerFeature>()?.Endpoint);
        return await problems.TryWriteAsync(
            new() { HttpContext = context, ProblemDetails = { Status = status, Detail = detail } }
        );
    }
}

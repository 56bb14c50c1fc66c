namespace PictureService.Http;

/// <summary>A request that cannot be answered as it is.</summary>
/// <param name="status">The status of HTTP, from 400 to 499.</param>
/// <param name="message">What to do about it, in the caller's words.</param>
internal sealed class Refusal(int status, string message) : Exception(message)
{
    public int Status => status;
}

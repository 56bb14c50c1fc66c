namespace PictureService.Http;

/// <summary>The media types of files of pictures, by how they begin.</summary>
internal static class PictureTypes
{
    public static string Of(ReadOnlySpan<byte> file) =>
        file.StartsWith<byte>([0x89, 0x50, 0x4E, 0x47]) ? "image/png"
        : file.StartsWith<byte>([0xFF, 0xD8]) ? "image/jpeg"
        : file.StartsWith("GIF8"u8) ? "image/gif"
        : file.StartsWith("RIFF"u8) ? "image/webp"
        : file.StartsWith("BM"u8) ? "image/bmp"
        : "application/octet-stream";
}

using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace PictureService.Store;

/// <summary>Items in a SQLite database of one folder. What a method has written when it returns is on the disk: neither a crash of the program nor of the
/// machine loses it. Any number of threads may read; writers take turns.</summary>
internal sealed class ItemStore : IDisposable
{
    private readonly StoreLock mine;
    private readonly string connection;

    /// <summary>The store of a folder, which is made if need be.</summary>
    /// <exception cref="IOException">Another service has the folder.</exception>
    /// <exception cref="SqliteException">Its file is no database, or is damaged.</exception>
    public ItemStore(string folder)
    {
        Directory.CreateDirectory(folder);
        mine = new(folder);
        connection = new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "items.sqlite") }.ToString();

        try
        {
            Execute("PRAGMA journal_mode = WAL");
            Execute(
                """
                CREATE TABLE IF NOT EXISTS items (
                    id TEXT PRIMARY KEY, class TEXT NOT NULL, payload TEXT, added TEXT NOT NULL,
                    picture BLOB NOT NULL, vector BLOB NOT NULL, model TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS done (what TEXT PRIMARY KEY);
                """
            );
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How many items there are. Fails if the database cannot be read.</summary>
    public int Count()
    {
        using var open = Open();
        using var command = Command(open, "SELECT COUNT(*) FROM items");
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>The item of this id; null if there is none.</summary>
    public StoredItem? Find(string id)
    {
        using var open = Open();
        using var command = Command(
            open,
            "SELECT class, payload, added, picture, vector, model FROM items WHERE id = @id",
            ("@id", id)
        );
        using var row = command.ExecuteReader();
        return row.Read()
            ? new(
                id,
                row.GetString(0),
                row.IsDBNull(1) ? null : row.GetString(1),
                DateTimeOffset.Parse(row.GetString(2), CultureInfo.InvariantCulture),
                row.GetFieldValue<byte[]>(3),
                Floats(row.GetFieldValue<byte[]>(4)),
                row.GetString(5)
            )
            : null;
    }

    /// <summary>Adds items, and replaces those of the same ids: all or none.</summary>
    public void Put(IEnumerable<StoredItem> items)
    {
        using var open = Open();
        using var all = open.BeginTransaction();
        foreach (var item in items)
        {
            using var command = Command(
                open,
                """
                INSERT OR REPLACE INTO items (id, class, payload, added, picture, vector, model)
                VALUES (@id, @class, @payload, @added, @picture, @vector, @model)
                """,
                ("@id", item.Id),
                ("@class", item.Class),
                ("@payload", item.Payload),
                ("@added", item.Added.ToString("O", CultureInfo.InvariantCulture)),
                ("@picture", item.Picture),
                ("@vector", MemoryMarshal.AsBytes<float>(item.Vector).ToArray()),
                ("@model", item.Model)
            );
            command.ExecuteNonQuery();
        }

        all.Commit();
    }

    /// <summary>Removes the item of this id; false if there was none.</summary>
    public bool Remove(string id) => Execute("DELETE FROM items WHERE id = @id", ("@id", id)) == 1;

    /// <summary>The ids of items whose vectors are of another model.</summary>
    public IReadOnlyList<string> OfOtherModels(string model)
    {
        using var open = Open();
        using var command = Command(open, "SELECT id FROM items WHERE model <> @model", ("@model", model));
        using var row = command.ExecuteReader();
        var ids = new List<string>();
        while (row.Read())
            ids.Add(row.GetString(0));
        return ids;
    }

    /// <summary>All vectors, in the order in which items were added, as they are when reading begins.</summary>
    public IEnumerable<StoredVector> Vectors()
    {
        using var open = Open();
        using var command = Command(open, "SELECT id, class, payload, vector FROM items ORDER BY added, id");
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            yield return new(
                row.GetString(0),
                row.GetString(1),
                row.IsDBNull(2) ? null : row.GetString(2),
                Floats(row.GetFieldValue<byte[]>(3))
            );
        }
    }

    /// <summary>True if <see cref="SetDone"/> was called for this, perhaps by an earlier process.</summary>
    public bool IsDone(string what)
    {
        using var open = Open();
        using var command = Command(open, "SELECT COUNT(*) FROM done WHERE what = @what", ("@what", what));
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture) > 0;
    }

    /// <summary>Remembers that this is done.</summary>
    public void SetDone(string what) => Execute("INSERT OR IGNORE INTO done (what) VALUES (@what)", ("@what", what));

    /// <summary>Closes the database, and lets others have the folder.</summary>
    public void Dispose()
    {
        using (var any = new SqliteConnection(connection))
            SqliteConnection.ClearPool(any);
        mine.Dispose();
    }

    // A commit waits until the disk has it.
    private SqliteConnection Open()
    {
        var open = new SqliteConnection(connection);
        open.Open();
        using var durable = Command(open, "PRAGMA synchronous = FULL");
        durable.ExecuteNonQuery();
        return open;
    }

    private int Execute(string text, params (string Name, object? Value)[] parameters)
    {
        using var open = Open();
        using var command = Command(open, text, parameters);
        return command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(
        SqliteConnection open,
        string text,
        params (string Name, object? Value)[] parameters
    )
    {
        var command = open.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    private static float[] Floats(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();
}

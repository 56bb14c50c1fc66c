namespace MetricLearning;

/// <summary>A dictionary with the documented keys, whose derived classes have a property for each well-known key.</summary>
/// <typeparam name="TValue">What stands under the keys.</typeparam>
public abstract class Entries<TValue> : Dictionary<string, TValue>
{
    private protected Entries()
        : base(StringComparer.Ordinal) { }

    private protected Entries(IEnumerable<KeyValuePair<string, TValue>> entries)
        : base(entries, StringComparer.Ordinal) { }

    /// <summary>The entry under a key, or the type's default when there is none.</summary>
    private protected TValue? Find(string key) => TryGetValue(key, out var value) ? value : default;

    /// <summary>Sets the entry under a key; null removes it.</summary>
    private protected void Put(string key, TValue? value)
    {
        if (value is null)
        {
            Remove(key);
        }
        else
        {
            this[key] = value;
        }
    }
}

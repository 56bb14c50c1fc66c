using Xunit;

// Live tensors are counted, and libtorch's generator is one for the whole process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

using TorchSharp.Modules;
using Xunit;
using CosineSimilarity = MetricLearning.CosineSimilarity;
using TripletMarginLoss = MetricLearning.TripletMarginLoss;

namespace PictureShop;

/// <summary>The page rooms.</summary>
public sealed class Rooms
{
    [Fact]
    public void Own_arguments_and_what_all_losses_share_stand_side_by_side()
    {
        var loss = new TripletMarginLoss(margin: 0.1)
        {
            Distance = new CosineSimilarity(),
            Reducer = new MeanReducer(),
        };

        Assert.Equal("CosineSimilarity", loss.Distance.Name);
        Assert.IsNotType<Linear>(loss);
    }
}

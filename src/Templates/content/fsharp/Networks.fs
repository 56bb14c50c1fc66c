/// The networks, and how pictures are read for them. What was trained with these is served with these.
module Networks

open TorchSharp
open MetricLearning

let format =
    PictureFormat(48, 48, Numbers = PictureNumbers.Bytes, CacheBytes = 500_000_000L)

let private layer (channels: int64) (wider: int64) (pool: torch.nn.Module<torch.Tensor, torch.Tensor>) =
    torch.nn.Sequential(
        torch.nn.Conv2d(channels, wider, 3L, padding = 1L, bias = false),
        torch.nn.BatchNorm2d wider,
        torch.nn.ReLU(),
        pool
    )

/// The trunk and the embedder.
let make () =
    let normalization =
        new PictureNormalization([ 0.485; 0.456; 0.406 ], [ 0.229; 0.224; 0.225 ])

    let trunk =
        torch.nn.Sequential(
            normalization,
            layer 3L 32L (torch.nn.MaxPool2d 2L),
            layer 32L 64L (torch.nn.MaxPool2d 2L),
            layer 64L 128L (torch.nn.MaxPool2d 2L),
            layer 128L 256L (torch.nn.AdaptiveAvgPool2d 1L),
            torch.nn.Flatten()
        )

    trunk, torch.nn.Linear(256L, 128L)

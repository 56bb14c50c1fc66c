"""Losses, miners, all triplets and nearest neighbours, each alone."""

import importlib.util
import time

import torch
from measuring import median, peak_of, shown_memory, shown_time
from pytorch_metric_learning import distances, losses, miners
from pytorch_metric_learning.utils import inference

HAS_FAISS = importlib.util.find_spec("faiss") is not None
OWN_THREADS = torch.get_num_threads()

OF_CLASSES = (
    "ArcFace CosFace LargeMarginSoftmax NormalizedSoftmax ProxyAnchor ProxyNCA SoftTriple SphereFace SubCenterArcFace"
).split()
OF_SAMPLES = (
    "Angular Circle Contrastive DynamicSoftMargin FastAP GeneralizedLiftedStructure Histogram IntraPairVariance "
    "LiftedStructure Margin MultiSimilarity NCA NPairs NTXent PNP SignalToNoiseRatioContrastive SupCon TripletMargin "
    "TupletMargin"
).split()
MINERS = (
    "Angular BatchEasyHard BatchHard DistanceWeighted HDC MultiSimilarity PairMargin TripletMargin UniformHistogram"
).split()


def make_loss(name, classes, size):
    """With its defaults; None where this version of the package has no such loss."""
    kind = getattr(losses, f"{name}Loss", None)
    if kind is None:
        return None
    return kind(num_classes=classes, embedding_size=size) if name in OF_CLASSES else kind()


def forward_and_backward(loss, embeddings, labels):
    embeddings.grad = None
    loss.zero_grad()
    loss(embeddings, labels).backward()


def losses_and_miners(quick):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    labels = torch.arange(256) % 16
    embeddings = (torch.randn(16, 64)[labels] * 0.7 + torch.randn(256, 64)).requires_grad_()

    def processor_time(act):
        return shown_time(median(act, quick, time.process_time, seconds=2.0))

    for name in (
        "TripletMargin Margin Contrastive NTXent SupCon MultiSimilarity Circle ArcFace CosFace NormalizedSoftmax ProxyNCA "
        "ProxyAnchor"
    ).split():
        loss = make_loss(name, 16, 64)
        yield "losses", name, "library", processor_time(lambda: forward_and_backward(loss, embeddings, labels))
    for name in MINERS:
        miner = getattr(miners, f"{name}Miner")()
        yield "losses", f"{name}Miner", "library", processor_time(lambda: miner(embeddings.detach(), labels))


def all_triplets(rows):
    """A batch with 32 rows a class; what is returned is forward and backward."""
    torch.manual_seed(1)
    embeddings, labels = torch.randn(rows, 64, requires_grad=True), torch.arange(rows) // 32
    loss = losses.TripletMarginLoss(margin=0.05)
    return lambda: forward_and_backward(loss, embeddings, labels)


def triplets(quick):
    torch.set_num_threads(OWN_THREADS)
    for rows in [128] if quick else [128, 256, 512]:
        name = f"{rows:,} rows, {rows * 31 * (rows - 32):,} triplets"
        yield "triplets", name, "library", shown_time(median(all_triplets(rows), quick))
        above = peak_of(f"triplets-{rows}") - peak_of("triplets-64")
        yield "triplets", f"{name}, peak memory", "library", shown_memory(above)


def neighbours(quick):
    torch.set_num_threads(OWN_THREADS)
    euclidean = distances.LpDistance(normalize_embeddings=False, p=2, power=2)
    search = inference.FaissKNN() if HAS_FAISS else inference.CustomKNN(euclidean, batch_size=512)
    for count in [2000] if quick else [10000, 60000]:
        rows = torch.randn(count, 128)
        for k in (10, 100):
            # At k others: the row itself is among what is searched.
            seconds = median(lambda: search(rows, k, rows, True), quick, seconds=0.0, warm_up=1)
            yield "neighbours", f"{count:,} rows, Euclidean, k = {k}", "library", shown_time(seconds)

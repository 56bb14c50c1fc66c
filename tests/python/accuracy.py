"""How well digits are found after training, by the losses and miners of docs/choosing.md."""

import csv
import gzip
import pathlib
import statistics
import sys

import numpy
import torch
from parts import MINERS, OF_CLASSES, OF_SAMPLES, make_loss
from pytorch_metric_learning import losses, miners, samplers
from torch import nn
from training import OPTIMIZERS, metric_loss_only, perceptron

DATA = pathlib.Path(__file__).resolve().parents[2] / "samples" / "data"


def digits():
    with gzip.open(DATA / "digits.csv.gz", "rt") as file:
        rows = torch.tensor([[int(cell) for cell in row] for row in csv.reader(file)])
    parts = (DATA / "digits-split.txt").read_text().split()
    for part in ("train", "test"):
        chosen = rows[[index for index, own in enumerate(parts) if own == part]]
        yield chosen[:, :64].float() / 16, chosen[:, 64]


def scores(embeddings, labels):
    """Precision at 1 and MAP@R, each one queries all others, by cosine."""
    points = nn.functional.normalize(embeddings.double())
    similarities = (points @ points.T).fill_diagonal_(-torch.inf)
    others = (torch.bincount(labels)[labels] - 1)[:, None]
    nearest = similarities.topk(int(others.max())).indices
    ranks = torch.arange(1, nearest.shape[1] + 1)
    hits = ((labels[nearest] == labels[:, None]) & (ranks <= others)).double()
    precisions = (hits * hits.cumsum(1) / ranks).sum(1) / others[:, 0]
    return hits[:, 0].mean().item(), precisions.mean().item()


def trained_scores(make, miner, epochs, seed):
    (data, labels), (test, test_labels) = digits()
    torch.manual_seed(seed)
    numpy.random.seed(seed)
    network, loss = perceptron(64, 128, 64, 32), make()
    optimizers = {"trunk_optimizer": OPTIMIZERS["Adam"](network.parameters())}
    if list(loss.parameters()):
        optimizers["metric_loss_optimizer"] = OPTIMIZERS["Adam"](loss.parameters())
    sampler = samplers.MPerClassSampler(labels, 4, batch_size=40, length_before_new_iter=len(labels))
    trainer = metric_loss_only(network, optimizers, loss, data, labels, 40, miner, sampler)
    trainer.train(num_epochs=epochs)
    network.eval()
    with torch.no_grad():
        return scores(network(test), test_labels)


def spread(values):
    mean = statistics.mean(values)
    return f"{mean:.3f}" if len(values) == 1 else f"{mean:.3f} ± {statistics.stdev(values):.3f}"


def triplet_loss():
    return losses.TripletMarginLoss(margin=0.1)


def choices():
    """Table, row, how the loss is made, and the miner."""
    for name in OF_SAMPLES + OF_CLASSES:
        if make_loss(name, 10, 32) is not None:
            yield "losses", f"{name}Loss", lambda name=name: make_loss(name, 10, 32), None
    yield "miners", "none", triplet_loss, None
    for name in MINERS:
        yield "miners", f"{name}Miner", triplet_loss, getattr(miners, f"{name}Miner")()


def accuracy(quick):
    torch.set_num_threads(1)
    epochs, seeds = (1, [0]) if quick else (10, [0, 1, 2])
    for table, name, make, miner in choices():
        try:
            found = [trained_scores(make, miner, epochs, seed) for seed in seeds]
        except RuntimeError as error:
            # A part that cannot be trained so, such as one that keeps the graph of its last batch, does not end the others.
            print(f"{name}: {error}", file=sys.stderr)
            yield table, name, "digits P@1", "fails"
            yield table, name, "digits MAP@R", "fails"
            continue
        yield table, name, "digits P@1", spread([precision for precision, _ in found])
        yield table, name, "digits MAP@R", spread([mean for _, mean in found])

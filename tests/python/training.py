"""Iterations of MetricLossOnly and of a loop by hand, on the networks of tests/Benchmarks."""

import torch
from measuring import median, peak_of, shown_memory, shown_time
from pytorch_metric_learning import losses, trainers
from torch import nn


def perceptron(*widths):
    layers = [nn.Linear(widths[0], widths[1])]
    for inputs, outputs in zip(widths[1:], widths[2:]):
        layers += [nn.ReLU(), nn.Linear(inputs, outputs)]
    return nn.Sequential(*layers)


def convolution(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]


def convolutional():
    return nn.Sequential(*convolution(1, 8), *convolution(8, 16), nn.Flatten(), nn.Linear(16 * 7 * 7, 64))


def deep():
    blocks = [layer for _ in range(30) for layer in (nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU())]
    return nn.Sequential(*blocks, nn.Linear(64, 64))


# Name, network, shape of a sample, iterations of an epoch.
WORKLOADS = [
    ("MLP 64-64-32", lambda: perceptron(64, 64, 32), (64,), 50),
    ("MLP 784-512-256-64", lambda: perceptron(784, 512, 256, 64), (784,), 20),
    ("CNN with batch norm", convolutional, (1, 28, 28), 8),
    ("30 layers, 122 tensors", deep, (64,), 12),
]
OPTIMIZERS = {
    "Adam": lambda weights: torch.optim.Adam(weights, lr=1e-3),
    "SGD": lambda weights: torch.optim.SGD(weights, lr=1e-3, momentum=0.9),
}


def metric_loss_only(network, optimizers, loss, data, labels, batch_size, miner=None, sampler=None):
    return trainers.MetricLossOnly(
        models={"trunk": network},
        optimizers=optimizers,
        batch_size=batch_size,
        loss_funcs={"metric_loss": loss},
        mining_funcs={} if miner is None else {"tuple_miner": miner},
        dataset=torch.utils.data.TensorDataset(data, labels),
        data_device=torch.device("cpu"),
        dataloader_num_workers=0,
        sampler=sampler,
    )


def random_data(sample, count):
    torch.manual_seed(1)
    return torch.randn(count, *sample), torch.randint(16, (count,))


def epoch_by_hand(network, optimizer, loss, data, labels, batch_size):
    for index in torch.randperm(len(data)).split(batch_size):
        optimizer.zero_grad()
        value = loss(network(data[index]), labels[index])
        value.backward()
        optimizer.step()
        value.item()


def iterations(quick):
    torch.set_num_threads(1)
    for name, make, sample, count in WORKLOADS:
        data, labels = random_data(sample, 128 * count)
        for rule, optimizer in OPTIMIZERS.items():
            network, loss = make(), losses.ContrastiveLoss()
            trainer = metric_loss_only(
                network, {"trunk_optimizer": optimizer(network.parameters())}, loss, data, labels, 128
            )
            yield "iteration", f"{name}, {rule}", "library", shown_time(median(trainer.train, quick) / count)
            network = make()
            own = optimizer(network.parameters())
            seconds = median(lambda: epoch_by_hand(network, own, loss, data, labels, 128), quick)
            yield "iteration", f"{name}, {rule}", "by hand", shown_time(seconds / count)


def large_training():
    data, labels = random_data((1024,), 128 * 6)
    network = perceptron(1024, 4096, 3800, 64)
    optimizers = {"trunk_optimizer": OPTIMIZERS["Adam"](network.parameters())}
    metric_loss_only(network, optimizers, losses.ContrastiveLoss(), data, labels, 128).train(num_epochs=2)


def memory(quick):
    if not quick:
        yield "memory", "20 M weights", "library", shown_memory(peak_of("training"))

#!/usr/bin/env python3
"""The work of tests/Benchmarks, done by pytorch-metric-learning, as one Markdown table.

    pip install torch pytorch-metric-learning faiss-cpu
    python3 tests/python/compare.py --beside docs/performance.md docs/choosing.md

A row has the name of a row of those pages and of the table that it stands in, by which both are joined. The ratio is
MetricLearning to Python: below 1, MetricLearning takes less. Run `tests/Benchmarks -- report` on the same machine first.
"""

import argparse
import datetime
import importlib.util
import logging
import os
import pathlib
import platform
import sys

MISSING = [name for name in ("torch", "pytorch_metric_learning") if importlib.util.find_spec(name) is None]
if MISSING:
    sys.exit(f"Not installed: {', '.join(MISSING)}. Install with: pip install torch pytorch-metric-learning faiss-cpu")

os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import parts
import pytorch_metric_learning
import torch
import training
from accuracy import accuracy
from measuring import peak_memory
from pages import cells_of, number
from pytorch_metric_learning.utils import common_functions

common_functions.LOGGER.setLevel(logging.ERROR)

# Each yields the table, the row, the column and what stands there.
WORK = {
    "accuracy": accuracy,
    "iteration": training.iterations,
    "losses": parts.losses_and_miners,
    "triplets": parts.triplets,
    "neighbours": parts.neighbours,
    "memory": training.memory,
}


def line(row, beside):
    table, name, column, value = row
    title = f"{table}: {name}" + ("" if column == "library" else f", {column}")
    ours = beside.get((table, name, column)) or "–"
    ratio = f"{number(ours) / number(value):.2f}" if number(ours) and number(value) else ""
    return f"| {title} | {ours} | {value} | {ratio} |"


def arguments_given():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", nargs="+", type=pathlib.Path, default=[], metavar="PAGE")
    parser.add_argument("--only", choices=WORK, nargs="+", default=list(WORK))
    parser.add_argument("--quick", action="store_true", help="to try the script: its figures say nothing")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    return parser.parse_args()


def do_alone(work):
    """What is measured in a process of its own; its peak of memory is printed."""
    kind, _, rows = work.partition("-")
    if kind == "training":
        training.large_training()
    else:
        parts.all_triplets(int(rows))()
    print(peak_memory())


def main():
    arguments = arguments_given()
    if arguments.memory_of:
        do_alone(arguments.memory_of)
        return
    beside = {}
    for page in arguments.beside:
        beside.update(cells_of(page))
    print("| | MetricLearning | pytorch-metric-learning | ratio |\n|---|---|---|---|")
    for work in arguments.only:
        for row in WORK[work](arguments.quick):
            print(line(row, beside), flush=True)
    search = "faiss" if parts.HAS_FAISS else "its own search"
    print(
        f"\n*pytorch-metric-learning {pytorch_metric_learning.__version__} with {search}, PyTorch {torch.__version__}, "
        f"Python {platform.python_version()}, {os.cpu_count()} processors, {datetime.date.today()}.*"
    )


if __name__ == "__main__":
    main()

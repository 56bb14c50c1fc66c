"""Times and memory, shown as tests/Benchmarks shows them."""

import pathlib
import re
import statistics
import subprocess
import sys
import time


def rounded(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def shown_time(seconds):
    if seconds < 1e-3:
        return f"{rounded(seconds * 1e6)} µs"
    return f"{rounded(seconds * 1e3)} ms" if seconds < 1 else f"{rounded(seconds)} s"


def median(act, quick, clock=time.perf_counter, seconds=4.0, warm_up=3):
    """The median time of an act, over at least 3 rounds and so many seconds."""
    for _ in range(1 if quick else warm_up):
        act()
    times, start = [], time.perf_counter()
    while len(times) < 3 or (not quick and time.perf_counter() - start < seconds):
        before = clock()
        act()
        times.append(clock() - before)
    return statistics.median(times)


def shown_memory(bytes_held):
    return f"{rounded(bytes_held / 2**20)} MiB"


def peak_memory():
    """The most memory that this process has ever held, in bytes (Linux)."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024


def peak_of(work):
    """The same of another process that does the work of this name."""
    script = pathlib.Path(__file__).with_name("compare.py")
    return int(subprocess.check_output([sys.executable, script, "--memory-of", work]).split()[-1])

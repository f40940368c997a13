"""How long painting a head's maps takes, and how much memory: `python benchmarks/skin.py [--head anny|ict]`.

Prints, from one run on this machine's processor: the first painting with the bake of the topology's layout, medians of
the following ones, and the memory that painting at 2048 adds to the process at its peak.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from pathlib import Path

import torch

from dreamface.face import Head
from dreamface.head import load_model
from dreamface.skin import paint
from dreamface.traits import Traits

SIZES = (512, 1024, 2048)
ROUNDS = 5
PERSON = Traits(
    {
        "age": 45.0, "gender": 1.0, "freckles.density": 0.4, "moles.density": 0.3, "stubble.density": 0.5,
        "wrinkles.forehead": 0.5, "wrinkles.eyes": 0.5, "wrinkles.cheeks": 0.5, "wrinkles.mouth": 0.5, "hair.grey": 0.2,
    }
)  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", default="anny", choices=("anny", "ict"))
    model = parser.parse_args().head
    head = load_model(model).build(PERSON, torch.Generator().manual_seed(0))
    print(f"{model}, {torch.get_num_threads()} torch threads")
    print(f"first 1024, with the layout baked: {seconds(head, 1024, 0):5.2f} s")
    for size in SIZES:
        seconds(head, size, 0)
        times = [seconds(head, size, seed) for seed in range(ROUNDS)]
        print(f"{size:5d}: {statistics.median(times):5.2f} s")
    print(f"memory added at 2048: {added_memory(head) / 2**30:.2f} GiB")


def seconds(head: Head, size: int, seed: int) -> float:
    """How long one painting takes."""
    start = time.perf_counter()
    paint(head, PERSON, resolution=size, seed=seed)
    return time.perf_counter() - start


def added_memory(head: Head) -> int:
    """Bytes that resident memory grows by at most while 2048 maps are painted; sampled every 5 ms (Linux)."""
    before = peak = resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    paint(head, PERSON, resolution=2048, seed=0)
    done.set()
    watcher.join()
    return peak - before


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


if __name__ == "__main__":
    main()

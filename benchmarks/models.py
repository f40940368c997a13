"""How long ICT-FaceKit takes to install from an archive on the disk, what it then takes there, and to load.

    python benchmarks/models.py ARCHIVE_OR_FOLDER

Loading is measured in new processes, with the file in the system's cache, from after the imports to a head model's
source being there. Nothing else heavy should be running.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LARGEST, SLOWEST = 70.0, 0.4  # megabytes, seconds
RUNS = 9

LOAD = """
import time
from dreamface.head.ict.source import load_source
start = time.perf_counter()
source = load_source()
mapped = time.perf_counter() - start
for tensor in (source.neutral, source.modes, *source.expressions.values()):
    tensor.sum()
print(mapped, time.perf_counter() - start)
"""


def report(what: str, value: float, unit: str, most: float | None = None) -> None:
    """Print one figure."""
    limit = "" if most is None else f"   (at most {most:g})"
    print(f"{what:<28}{value:8.3f} {unit}{limit}")


def loading() -> tuple[float, float]:
    """Median seconds in new processes: to map the file, and then to have read every number in it."""
    runs = [
        subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True) for _ in range(RUNS)
    ]
    mapped, read = zip(*(map(float, run.stdout.split()) for run in runs), strict=True)
    return statistics.median(mapped), statistics.median(read)


def main() -> None:
    """Install into a folder of its own and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, metavar="ARCHIVE_OR_FOLDER")
    source = parser.parse_args().source
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DREAMFACE_MODELS"] = folder
        from dreamface import models

        start = time.perf_counter()
        place = models.install("ict-facekit", source)
        report("install", time.perf_counter() - start, "s")
        start = time.perf_counter()
        models.verify("ict-facekit")
        report("verify", time.perf_counter() - start, "s")
        report("on disk", sum(file.stat().st_size for file in place.iterdir()) / 1e6, "MB", LARGEST)
        mapped, read = loading()
        report("load (mapped)", mapped, "s", SLOWEST)
        report("load and read all of it", read, "s", SLOWEST)


if __name__ == "__main__":
    main()

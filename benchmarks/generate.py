"""The figures of docs/figures.md: how long a face takes and how much memory.

    python benchmarks/generate.py            # speed, all in one warm process
    python benchmarks/generate.py --head ict # the same with ICT-FaceKit, which must be installed
    python benchmarks/generate.py --memory   # peak at 2048, and growth over 50 faces
    python benchmarks/generate.py --cold     # the whole command in a new process

Medians of several runs; nothing else heavy should be running.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# What the allocator keeps for later comes and goes by a tenth from face to face; it is given back before measuring, so
# that what is left is what is in use. Linux only.
GROWTH = """
import ctypes, gc
def in_use():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(open('/proc/self/statm').read().split()[1])
for seed in range(5):
    pipeline.generate(PROMPT, seed=seed, resolution=512)
before = in_use()
for seed in range(50):
    pipeline.generate(PROMPT, seed=seed, resolution=512)
print(100.0 * (in_use() - before) / before)
"""
PROMPT = "an elderly man with a broad nose and freckles"
TARGETS = {"anny": 0.4, "ict": 0.8}  # seconds from a prompt to a head with shapes and maps


def median(action: Callable[[], object], runs: int) -> float:
    """Median wall time of `action` in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def speed(head_model: str) -> None:
    """Warm times in one process."""
    from dreamface import folder, pipeline
    from dreamface.head import HeadSource, load_model
    from dreamface.prior import complete
    from dreamface.random_streams import stream
    from dreamface.render import portrait_camera, preview, rasterise
    from dreamface.skin import paint

    face = pipeline.generate(PROMPT, seed=1, resolution=512, head=head_model)
    model = load_model(head_model)

    def head_and_maps() -> None:
        person = complete(pipeline.read(PROMPT).traits, 1)
        head = model.build(HeadSource(person, stream(1, "head")))
        model.shapes(head)
        paint(head, person, resolution=512, seed=1)

    report("prompt -> head, 52 shapes, 512 maps", median(head_and_maps, 9), TARGETS[head_model])
    camera = portrait_camera(face.head.vertices)
    report(
        "rasterising at 512",
        median(lambda: rasterise(face.head.vertices, face.head.topology.triangles, camera, 512), 15),
        0.040,
    )
    report(
        "preview picture",
        median(lambda: preview(face.head.vertices, face.head.topology, face.materials, face.maps), 7),
        1.0,
    )

    with tempfile.TemporaryDirectory() as scratch:
        pipeline.generate(PROMPT, seed=1, resolution=2048, head=head_model)

        def folder_2048() -> None:
            place = Path(scratch) / "face"
            shutil.rmtree(place, ignore_errors=True)
            folder.save(pipeline.generate(PROMPT, seed=1, resolution=2048, head=head_model), place)

        report("prompt -> face folder with 2048 maps and preview", median(folder_2048, 5), 4.0)


def memory() -> None:
    """Peak at 2048 and growth over 50 faces, each in a process of its own."""
    peak = _child(
        "pipeline.generate(PROMPT, seed=1, resolution=2048)\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    print(f"peak memory, 2048 maps: {int(peak) / 2**20:.2f} GB (target 2.5 GB)")
    print(f"growth over 50 faces: {float(_child(GROWTH)):+.1f} % (target +5 %)")


def cold() -> None:
    """`dreamface generate` at 1024 with folder, GLB and .blend, in a new process."""

    def command() -> None:
        with tempfile.TemporaryDirectory() as scratch:
            line = [sys.executable, "-m", "dreamface", "generate", PROMPT, "--seed", "1", "-o", f"{scratch}/face"]
            subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    command()
    report("cold `dreamface generate` at 1024 with .glb and .blend", median(command, 3), 15.0)


def report(what: str, seconds: float, target: float) -> None:
    """One line of the table."""
    print(f"{what}: {seconds * 1000:.0f} ms (target {target * 1000:.0f} ms)", flush=True)


def _child(steps: str) -> str:
    """Last line that a new Python process prints."""
    code = f"import os, resource\nfrom dreamface import pipeline\nPROMPT = {PROMPT!r}\n{steps}"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=os.environ)
    return done.stdout.strip().splitlines()[-1]


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--head", choices=TARGETS, default="anny")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--cold", action="store_true")
    arguments = parser.parse_args()
    if arguments.memory:
        memory()
    if arguments.cold:
        cold()
    if not (arguments.memory or arguments.cold):
        speed(arguments.head)


if __name__ == "__main__":
    main()

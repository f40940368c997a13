"""The figures of batches in docs/figures.md: rate, cost by number of rows, killed workers, memory.

    python benchmarks/batch.py --rate 24               # `dreamface batch` beside generate and save, one by one
    python benchmarks/batch.py --rate 24 --only geometry
    python benchmarks/batch.py --linear 10 100         # seconds a row, of batches of these many rows
    python benchmarks/batch.py --kill 300 --every 20   # a worker is killed every 20 s; what was lost, or made twice
    python benchmarks/batch.py --memory 60             # what a worker holds after each ten rows, and what they cost
    python benchmarks/batch.py --table 100000          # reading and planning a table with bad rows
    python benchmarks/batch.py --ray 24                # the same rows as Ray tasks, beside local processes

The load of the machine is printed beside each figure: more than its processors makes all of them worse, but not the
processor seconds that a face takes.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
import random
import resource
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dreamface.batch import Executor, Here, Only, Outcome, Processes, Wish, processors, read_table, run_batch
from dreamface.batch.looks import SUFFIXES

PEOPLE = (
    "an old fisherman with a hooked nose",
    "a young woman with freckles and red hair",
    "a black man with a short beard",
    "an elderly Japanese woman",
    "a boy with a scar on the left cheek",
    "a heavy man with a moustache",
    "a pale girl with braids",
    "a tired nurse of fifty",
    "a bald bouncer with a broken nose",
    "a smiling grandmother",
)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, metavar="ROWS")
    parser.add_argument("--linear", type=int, nargs=2, metavar=("FEW", "MANY"))
    parser.add_argument("--kill", type=int, metavar="ROWS")
    parser.add_argument("--memory", type=int, metavar="ROWS")
    parser.add_argument("--table", type=int, metavar="ROWS")
    parser.add_argument("--ray", type=int, metavar="ROWS")
    parser.add_argument("--every", type=float, default=20.0, help="seconds between two kills")
    parser.add_argument("--processes", type=int, default=processors())
    parser.add_argument("--resolution", type=int, default=512)
    parser.add_argument("--head", default="anny")
    parser.add_argument("--only", choices=("geometry", "preview", "maps"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(Path(place), options.resolution, options.head, options.only, options.processes)
        if options.rate:
            bench.rate(options.rate)
        if options.linear:
            bench.linear(*options.linear)
        if options.kill:
            bench.kill(options.kill, options.every)
        if options.memory:
            bench.memory(options.memory)
        if options.table:
            bench.table(options.table)
        if options.ray:
            bench.ray(options.ray)


def report(what: str, figure: str) -> None:
    """Print one line of the table, with the machine's load over the last minute."""
    print(f"{what:<52} {figure:<44} load {os.getloadavg()[0]:.1f} on {processors()}", flush=True)


class Bench:
    """Batches in a temporary folder.

    Args:
        place: that folder.
        resolution: of the maps.
        head: model.
        only: a part of the faces instead of whole ones.
        processes: that work side by side.
    """

    def __init__(self, place: Path, resolution: int, head: str, only: Only | None, processes: int) -> None:
        self.place, self.resolution, self.head, self.only, self.processes = place, resolution, head, only, processes

    def rate(self, rows: int) -> None:
        """Compare a batch with one face after the other, each warm and with its start."""
        from dreamface import folder, pipeline

        pipeline.generate(PEOPLE[0], seed=0, resolution=self.resolution, head=self.head)
        (self.place / "single").mkdir()
        begun, used = time.perf_counter(), _used()
        for number, prompt in enumerate(_prompts(rows)):
            face = pipeline.generate(prompt, seed=number, resolution=self.resolution, head=self.head)
            folder.save(face, self.place / "single" / f"f{number}")
        single = 60.0 * rows / (time.perf_counter() - begun)
        each = (_used() - used) / rows
        report(f"generate and save, one by one, {rows} rows", f"{single:.1f} a minute, {each:.2f} processor s each")
        used = _used()
        seconds, warm = self._batch(Processes(self.processes), rows, "batch")
        what = f"batch, {self.processes} processes" + (f", only {self.only}" if self.only else "")
        report(
            f"{what}, with their start", f"{60.0 * rows / seconds:.1f} a minute, {60.0 * rows / seconds / single:.2f} x"
        )
        report(f"{what}, once they have begun", f"{warm:.1f} a minute, {warm / single:.2f} x")

    def linear(self, few: int, many: int) -> None:
        """Compare what a row costs in a short and in a long batch, without the start of the processes."""
        costs = []
        for rows in (few, many):
            _, warm = self._batch(Processes(self.processes), rows, f"linear-{rows}")
            costs.append(60.0 / warm)
            report(f"batch of {rows} rows", f"{costs[-1]:.3f} s a row")
        report(f"cost of a row, {few} to {many}", f"{100.0 * (costs[1] / costs[0] - 1.0):+.1f} %")

    def kill(self, rows: int, every: float) -> None:
        """Kill a worker now and then; count what is lost and what is made twice."""
        with _killer(every) as kills:
            outcome, seconds, _ = self._run(Processes(self.processes), rows, "kill")
        pattern = "*/face.json" if self.only is None else f"*{SUFFIXES[self.only]}"
        found = [path.parent.name if self.only is None else path.stem for path in (self.place / "kill").glob(pattern)]
        there = Counter(found)
        lost = [f"f{number}" for number in range(rows) if f"f{number}" not in there]
        other = sorted(set(there) - {f"f{number}" for number in range(rows)})
        report(f"{rows} rows, {len(kills)} workers killed", f"{seconds:.0f} s, {60.0 * rows / seconds:.1f} a minute")
        report("lost, failed, made twice", f"{len(lost)}, {len(outcome.failures)}, {len(other)} {other[:3]}")

    def memory(self, rows: int) -> None:
        """Look at what one process holds after each ten rows; the allocator gives back what it keeps before."""
        held: list[int] = []
        costs: list[float] = []
        self._batch(_Weighed(held, costs), rows, "memory")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        report(
            "growth from the 10th row to the last, peak",
            f"{100.0 * (held[-1] / held[0] - 1.0):+.1f} %, {peak // 1024} MB",
        )
        half = len(costs) // 2  # the same prompts come in each ten
        early, late = sum(costs[1:half]) / max(half - 1, 1), sum(costs[half:]) / max(len(costs) - half, 1)
        report(
            "processor time of a row, first half without the first ten, second half",
            f"{early:.2f}, {late:.2f} s, {100.0 * (late / max(early, 1e-9) - 1.0):+.1f} %",
        )

    def table(self, rows: int) -> None:
        """Read and plan a table, one row in ten of which is bad."""
        file = self.place / "table.csv"
        bad = ("a man,f2,", "a man,aux,", "a man,x.,", ",y,", "a man,z,soon", "a man,q,1,2", '"a man,r,', "a man,F3,")
        with file.open("w") as text:
            text.write("prompt,name,seed\n")
            for number in range(rows):
                text.write(
                    (bad[number // 10 % len(bad)] if number % 10 == 9 else f"a man of {number},f{number},") + "\n"
                )
        before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        outcome = run_batch(read_table(file), Wish(self.place / "table"), Here(lambda rows, wish, of: iter(())))
        seconds = time.perf_counter() - begun
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        report(f"{rows:,} rows read and planned", f"{seconds:.1f} s, {grown} MB, {len(outcome.failures):,} bad")

    def ray(self, rows: int) -> None:
        """Compare Ray tasks on this machine with local processes."""
        from dreamface.batch import Farm

        _, local = self._batch(Processes(self.processes), rows, "local")
        report(f"local processes, {rows} rows, once they have begun", f"{local:.1f} a minute")
        _, farm = self._batch(Farm("local", self.processes), rows, "farm")
        report("the same as Ray tasks", f"{farm:.1f} a minute, {100.0 * (local / farm - 1.0):+.1f} % time")

    def _batch(self, executor: Executor, rows: int, name: str) -> tuple[float, float]:
        outcome, seconds, warm = self._run(executor, rows, name)
        assert not outcome.failures and len(outcome.made) == rows, outcome.failures
        return seconds, warm

    def _run(self, executor: Executor, rows: int, name: str) -> tuple[Outcome, float, float]:
        """Return the outcome, the seconds that it took, and faces a minute from the first one on."""
        file = self.place / f"{name}.csv"
        with file.open("w", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(("prompt", "name", "seed"))
            writer.writerows((prompt, f"f{number}", number) for number, prompt in enumerate(_prompts(rows)))
        out = self.place / name
        shutil.rmtree(out, ignore_errors=True)
        wish = Wish(out, self.resolution, self.head, only=self.only)
        watched = _Watched(executor)
        begun = time.perf_counter()
        outcome = run_batch(read_table(file), wish, watched, on_bug=print)
        return outcome, time.perf_counter() - begun, watched.a_minute


class _Watched:
    """An executor whose results are timed from the first answer on."""

    def __init__(self, executor: Executor) -> None:
        self._executor, self._times = executor, []

    def run(self, rows, wish, progress_of):
        for result in self._executor.run(rows, wish, progress_of):
            if result is not None:
                self._times.append(time.perf_counter())
            yield result

    @property
    def a_minute(self) -> float:
        first = self._times[0]
        together = sum(at - first < 0.05 for at in self._times)  # what the first worker answered at a time
        return 60.0 * (len(self._times) - together) / max(self._times[-1] - first, 1e-9)


class _Weighed(Here):
    """Makes rows here, and notes what the process holds, and what a row has cost."""

    def __init__(self, held: list[int], costs: list[float]) -> None:
        super().__init__()
        self._held, self._costs = held, costs

    def run(self, rows, wish, progress_of):
        begun = time.process_time()
        for number, result in enumerate(super().run(rows, wish, progress_of), 1):
            yield result
            if number % 10 == 0:
                self._costs.append((time.process_time() - begun) / 10)
                self._held.append(_in_use())
                figure = f"{self._held[-1] // 2**20} MB, {self._costs[-1]:.2f} processor s a row of the last ten"
                report(f"after {number} rows", figure)
                begun = time.process_time()


def _used() -> float:
    """Processor seconds that this process and those of its children that are over have used."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in found)


def _in_use() -> int:
    """Bytes that this process holds; Linux only."""
    import ctypes
    import gc

    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def _killer(every: float) -> Iterator[list[int]]:
    """Kill one of this process's children every so many seconds during the block; yields their numbers."""
    kills: list[int] = []
    over = threading.Event()

    def work() -> None:
        chance = random.Random(1)
        while not over.wait(every):
            children = [child.pid for child in multiprocessing.active_children()]
            if children:
                kills.append(chance.choice(children))
                os.kill(kills[-1], signal.SIGKILL)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield kills
    finally:
        over.set()
        thread.join()


def _prompts(rows: int) -> list[str]:
    return [PEOPLE[number % len(PEOPLE)] for number in range(rows)]


if __name__ == "__main__":
    main()

"""How long one poll of the Blender side's session holds Blender: fetching 30 MB amid a burst of 2000 events.

    python benchmarks/client.py

It also says how long a head takes from Session.reshape to Session.take_shape with the real backend.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from dreamface_addon.session import BackendState, Session, Settings  # noqa: E402
from tests import fake_backend  # noqa: E402

TICK = 0.01  # seconds, as Blender's timer
DRAG = 50  # positions of a slider


Poll = tuple[float, float]
"""How long a poll took, and how long it computed; more than that, others had the processor. Milliseconds."""


def watch(session: Session, done: Callable[[], object], tick: float = TICK) -> list[Poll]:
    """Poll until it is done; how long each poll took."""
    times = []
    until = time.monotonic() + 120.0
    while not done() and time.monotonic() < until:
        start, computing = time.perf_counter(), time.thread_time()
        session.poll()
        times.append(((time.perf_counter() - start) * 1000, (time.thread_time() - computing) * 1000))
        time.sleep(tick)
    return times


def report(what: str, polls: list[Poll]) -> None:
    """Print the longest and the 99th percentile."""
    for kind, times in zip(("took", "computed"), zip(*polls, strict=True), strict=True):
        percentile = sorted(times)[int(len(times) * 0.99)]
        print(f"{what}: {len(times)} polls {kind} {max(times):.2f} ms at most, 99th percentile {percentile:.2f} ms")


def burst_and_download(folder: Path) -> None:
    """A job of the fake backend with all at once: events, then files, as from another machine."""
    environment = fake_backend.install(folder / "module") | {"DREAMFACE_FAKE": "elsewhere,large,burst"}
    session = Session(Settings(Path(sys.executable), folder / "fake", environment=environment))
    session.start()
    report("starting", watch(session, lambda: session.state is BackendState.READY))
    jobs = [session.submit("generate", {"prompt": "x"}) for _ in range(4)]
    start = time.perf_counter()
    report("events and downloads", watch(session, lambda: all(job.finished for job in jobs)))
    print(f"  4 x 30 MB and 4 x 2000 events in {time.perf_counter() - start:.1f} s: {[job.state for job in jobs]}")
    finish(session)


def drag(folder: Path) -> None:
    """A slider's way with the real backend."""
    environment = {"PYTHONPATH": str(ROOT / "backend")}
    session = Session(Settings(Path(sys.executable), folder / "real", environment=environment))
    start = time.perf_counter()
    session.start()
    watch(session, lambda: session.state is BackendState.READY)
    print(f"the real backend is ready after {time.perf_counter() - start:.1f} s")
    for shapes in (False, True):
        waits: list[float] = []
        times: list[Poll] = []
        for position in range(DRAG):
            start = time.perf_counter()
            session.reshape("face", "anny", 3, {"nose.width": position / DRAG}, shapes=shapes)
            times += watch(session, lambda: session.take_shape() is not None, tick=0.001)
            waits.append((time.perf_counter() - start) * 1000)
        print(f"{'shapes' if shapes else 'slider'} to head: median {statistics.median(waits):.0f} ms")
        report("  meanwhile", times)
    finish(session)


def finish(session: Session) -> None:
    """Stop it, and wait for the end."""
    session.stop()
    watch(session, lambda: not session.active)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        burst_and_download(Path(name))
        drag(Path(name))

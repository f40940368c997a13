"""How long a viewport waits for a changed edit: from the request `POST /paint` to the answer, and the painter's share.

    python benchmarks/paint_call.py [--maps 2048] [--rounds 9]

For every head model that is installed: a new layer on a painted place, and a strength slider of an effect and of other
skin, which changes all maps, on top of a stack of others. Medians; nothing else heavy should be running.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import torch

from dreamface import models, pipeline
from dreamface.edits import overlays
from dreamface.images import encode_mask
from dreamface.record import EditEntry, FaceRecord, Place, write_edits
from dreamface.skin import Painter
from dreamface.traits import Traits

SEED = 3
BELOW = 5  # edits that the stack has already
MASK_SIDE = 1024
STRENGTHS = (0.8, 0.9)
BRUISE = {"effects": [{"name": "bruise"}]}
OLD = Traits({"age": 85.0, "wrinkles.cheeks": 1.0, "age_spots.density": 0.8, "skin.oiliness": 0.8})
KINDS = ("new layer", "strength", "strength, all maps")


class Service:
    """`dreamface serve` in a process of its own, and one connection to it."""

    def __init__(self, store: Path, process: subprocess.Popen[bytes]) -> None:
        while not (store / "backend.json").exists():
            if process.poll() is not None:
                raise SystemExit("The backend did not start.")
            time.sleep(0.05)
        said = json.loads((store / "backend.json").read_text())
        self._connection = http.client.HTTPConnection(urlsplit(said["url"]).netloc, timeout=180)
        self._headers = {"Authorization": f"Bearer {said['token']}", "Content-Type": "application/json"}

    def connect(self) -> None:
        """Connect anew: the backend hangs up on those who have been silent for long."""
        self._connection.close()

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body."""
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def paint(self, record: FaceRecord, shown: Sequence[EditEntry]) -> bytes:
        """Ask again while something else is painted, as the extension does."""
        body = json.dumps({"face": record.to_json(), "shown": write_edits(tuple(shown))}).encode()
        while True:
            status, answer = self.ask("POST", "/paint", body)
            if status == 200:
                return answer
            if status not in (409, 503):
                raise SystemExit(answer.decode())
            time.sleep(0.2)


@contextmanager
def serving() -> Iterator[Service]:
    """A backend with a store of its own."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        command = [sys.executable, "-m", "dreamface", "serve", "--store", str(store), "--until-stdin-closes"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            yield Service(store, process)
            assert process.stdin
            process.stdin.close()


def painted_place() -> tuple[bytes, str]:
    """A mask of a cheek's size, and its SHA-256."""
    rows, columns = torch.meshgrid(torch.arange(MASK_SIDE), torch.arange(MASK_SIDE), indexing="ij")
    away = ((rows - 520) ** 2 + (columns - 640) ** 2).float().sqrt()
    png = encode_mask((1.5 - away / 80.0).clamp(0.0, 1.0))
    return png, hashlib.sha256(png).hexdigest()


def changes(record: FaceRecord, digest: str, kind: str, rounds: int) -> Iterator[tuple[FaceRecord, list[EditEntry]]]:
    """Yield records with the edits that they had before."""
    place = Place(mask={"skin": digest})
    below = [EditEntry(f"below {n}", "words", "", place=place, parameters=BRUISE) for n in range(BELOW)]
    for number in range(rounds + 1):  # the first one builds the head
        if kind == "new layer":
            top = EditEntry(f"{number}", "words", "", place=place, parameters=BRUISE)
            yield replace(record, edits=(*below, top)), below
        else:
            before, after = (STRENGTHS[(number + step) % 2] for step in range(2))
            said = {"parameters": BRUISE} if kind == "strength" else {"traits": OLD}
            top = EditEntry("top", "words", "", before, place=place, **said)
            yield replace(record, edits=(*below, replace(top, strength=after))), [*below, top]


def clock(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that something took, and what it gave."""
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made


def painter_alone(record: FaceRecord, pictures: Mapping[str, bytes], kind: str, rounds: int) -> float:
    """Median seconds of the painter's own work for the same changes, masks at hand."""
    head = pipeline.build_head(record.head, record.shown, record.seed, record.candidate)
    painter = Painter()

    def paint(edits: Sequence[EditEntry]) -> float:
        laid = overlays(edits, head, record.shown, record.seed, pictures)
        return clock(
            lambda: painter.paint(head, record.shown, resolution=record.resolution, seed=record.seed, overlays=laid)
        )[0]

    digest = next(iter(pictures))
    took = [paint(shown) + paint(now.edits) for now, shown in changes(record, digest, kind, rounds)]
    return statistics.median(took[1:])


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--maps", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    png, digest = painted_place()
    names = [model.name for model in models.HEADS if model.to_json()["installed"]]
    with serving() as service:
        assert service.ask("PUT", f"/uploads/{digest}", png)[0] in (200, 201)
        while json.loads(service.ask("GET", "/health")[1])["state"] != "ready":
            time.sleep(0.2)
        for name in names:
            traits = pipeline.stranger(SEED)
            record = FaceRecord("f", "a face", SEED, options.maps, name, traits)
            for kind in KINDS:
                service.connect()
                took = [clock(partial(service.paint, *one)) for one in changes(record, digest, kind, options.rounds)]
                own = painter_alone(record, {digest: png}, kind, options.rounds)
                call, size = statistics.median(seconds for seconds, _ in took[1:]), len(took[-1][1])
                with np.load(io.BytesIO(took[-1][1])) as archive:
                    maps = [one for one in archive.files if f"{one}/at" in archive.files]
                print(
                    f"{name} {kind}: {call:.3f} s, of which the painter {own:.3f} s, the rest {call - own:.3f} s; "
                    f"first {took[0][0]:.2f} s; {len(maps)} maps, {size / 1e6:.2f} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main()

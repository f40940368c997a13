"""A share of what `python -m tests.chaos` does, for every build."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from dreamface import pipeline
from dreamface.errors import BadRequest
from dreamface.pipeline import painting
from dreamface.record import FaceRecord, read_edits
from tests.chaos import fuzz, kills

SEED = int(os.environ.get("DREAMFACE_CHAOS_SEED") or random.randrange(2**32))


@pytest.mark.slow
def test_no_job_is_lost_doubled_halved_wrongly_failed_or_revived(tmp_path: Path) -> None:
    outcome = kills.run(tmp_path, 250, SEED, seconds=30.0)
    print(outcome)
    assert outcome.is_clean, outcome


@pytest.mark.slow
def test_a_stack_that_makes_no_sense_is_painted_or_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    dice, answers = random.Random(SEED), Counter[str]()
    person = FaceRecord("f", "a face", 3, 512, "anny", pipeline.stranger(3))
    monkeypatch.setattr(painting.painter, "paint", lambda *_, overlays, **__: {"overlays": overlays})
    for _ in range(500):
        try:
            stack = read_edits(fuzz.odd_edits(dice))
            pipeline.repaint(replace(person, edits=stack), ())
            answers["painted"] += 1
        except BadRequest as error:
            assert str(error).endswith("."), error
            answers["refused"] += 1
    print(f"seed {SEED}: {answers}")
    assert min(answers["painted"], answers["refused"]) > 20


@pytest.mark.slow
def test_nonsense_gets_a_sentence(tmp_path: Path) -> None:
    outcome = fuzz.run(tmp_path, 2000, SEED, seconds=12.0)
    print(outcome)
    assert outcome.is_clean, outcome

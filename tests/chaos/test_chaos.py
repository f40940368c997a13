"""A share of what `python -m tests.chaos` does, for every build."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.chaos import fuzz, kills

SEED = int(os.environ.get("DREAMFACE_CHAOS_SEED") or random.randrange(2**32))


@pytest.mark.slow
def test_no_job_is_lost_doubled_halved_wrongly_failed_or_revived(tmp_path: Path) -> None:
    outcome = kills.run(tmp_path, 250, SEED, seconds=30.0)
    print(outcome)
    assert outcome.is_clean, outcome


@pytest.mark.slow
def test_nonsense_gets_a_sentence(tmp_path: Path) -> None:
    outcome = fuzz.run(tmp_path, 2000, SEED, seconds=12.0)
    print(outcome)
    assert outcome.is_clean, outcome

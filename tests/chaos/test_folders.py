"""Face folders that were damaged at random end in a sentence, or open as what they are."""

from __future__ import annotations

import os

import pytest

from tests.chaos import folders

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among files, and no alarms")

SHARE_S = 15.0
"""Of the slow tests' time. `python -m tests.chaos.folders` goes on for as long as one likes."""


@pytest.mark.slow
def test_damaged_faces_are_no_surprise(capsys):
    report = folders.run(rounds=100_000, seed=int.from_bytes(os.urandom(4)), seconds=SHARE_S)
    assert not report.failures, "\n".join(report.failures)
    assert report.cases >= 20 and report.opened > 0


def test_a_few_damaged_faces_are_no_surprise():
    report = folders.run(rounds=12, seed=7)
    assert not report.failures, "\n".join(report.failures)
    assert report.cases == 12

"""Installing models from the sidebar: what the panel knows, with a backend that can misbehave."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dreamface_addon.models import AUTOMATIC, NOT_UNDERSTOOD, Models, megabytes
from dreamface_addon.session import Session, Settings
from tests import fake_backend

NAME = "big-head"


class Sidebar:
    """A session and its models; `until` does what Blender's timer does."""

    def __init__(self, store: Path, module: Path, misbehaviour: str) -> None:
        variables = fake_backend.install(module) | {"DREAMFACE_FAKE": misbehaviour}
        self.session = Session(Settings(Path(sys.executable), store, environment=variables))
        self.models = Models(
            self.session, lambda: "", lambda: "", on_installed=self._count_installed, wake=lambda: None
        )
        self.redraws = self.installed = 0

    def _count_installed(self) -> None:
        self.installed += 1

    def tick(self) -> None:
        self.session.poll()
        for job in self.session.take_finished():
            self.models.finish(job)
        self.redraws += self.models.tick()

    def until(self, condition: Callable[[], object]) -> None:
        until = time.monotonic() + 8.0
        while not condition():
            assert time.monotonic() < until, (self.models.installable, self.models.problem, self.session.problem)
            self.tick()
            time.sleep(0.002)

    def do(self, kind: str, path: Path | None = None) -> tuple[bool, str]:
        self.models.change(kind, NAME, path)
        self.until(lambda: self.models.running(NAME) is None)
        return self.models.outcome(NAME)

    def heads(self) -> list[str]:
        return [name for name, _, _ in self.models.head_items]


@pytest.fixture
def sidebar(tmp_path: Path) -> Iterator[Callable[..., Sidebar]]:
    made: list[Sidebar] = []

    def make(misbehaviour: str = "") -> Sidebar:
        made.append(Sidebar(tmp_path / "store", tmp_path / "module", misbehaviour))
        made[-1].session.start()
        return made[-1]

    yield make
    for one in made:
        one.session.stop()
        one.until(lambda one=one: not one.session.active)


def known(one: Sidebar) -> Any:
    one.until(lambda: one.models.installable is not None)
    return one.models.find(NAME)


def test_only_what_can_be_installed_is_listed(sidebar: Callable[..., Sidebar]) -> None:
    one = sidebar()
    model = known(one)
    assert one.models.installable == [model]
    assert (model.name, model.title, model.source) == (NAME, "Big Head", "https://example.org/big")
    assert not model.installed
    assert model.facts == "120 MB to download · CC0"
    assert Path(model.folder) == one.session.backend.settings.store / "models" / NAME
    assert one.heads() == ["auto", "small"]


def test_installing_changes_the_menu_of_heads_and_removing_changes_it_back(sidebar: Callable[..., Sidebar]) -> None:
    one = sidebar()
    known(one)
    assert one.do("install_model") == (True, "Big Head is installed.")
    assert one.installed == 1
    one.until(lambda: one.heads() == ["auto", "small", "big"])
    assert known(one).facts == "52 MB on disk · CC0"
    assert one.do("verify_model") == (True, "Big Head is as it was installed.")
    assert one.do("remove_model") == (True, "Big Head is removed.")
    one.until(lambda: one.heads() == ["auto", "small"])
    assert not known(one).installed and one.installed == 1


def test_a_model_can_come_from_a_file(sidebar: Callable[..., Sidebar], tmp_path: Path) -> None:
    one = sidebar()
    model = known(one)
    one.do("install_model", tmp_path / "big.zip")
    assert (Path(model.folder) / "from").read_text() == str(tmp_path / "big.zip")


def test_progress_is_shown_and_what_was_cancelled_can_be_installed_later(sidebar: Callable[..., Sidebar]) -> None:
    one = sidebar("slow_job:once")
    known(one)
    one.models.change("install_model", NAME)
    one.until(lambda: one.models.running(NAME).state == "running")
    assert one.models.busy
    one.models.cancel(NAME)
    one.until(lambda: not one.models.busy)
    assert one.models.outcome(NAME) == (True, ""), "the artist knows who cancelled it"
    assert one.do("install_model")[0]


def test_what_goes_wrong_is_said_until_it_is_dismissed(sidebar: Callable[..., Sidebar]) -> None:
    one = sidebar()
    model = known(one)
    one.do("install_model")
    (Path(model.folder) / "from").write_text("")
    assert one.do("verify_model") == (False, "Big Head is damaged: install it again.")
    one.models.forget_outcome(NAME)
    assert one.models.outcome(NAME) == (True, "")


def test_a_backend_that_dies_meanwhile_is_started_again_and_goes_on(sidebar: Callable[..., Sidebar]) -> None:
    one = sidebar("crash:once")
    known(one)
    assert one.do("install_model") == (True, "Big Head is installed.")
    assert next(iter(one.session.jobs)).state == "done"


def test_the_list_is_asked_for_once_and_not_at_every_tick(sidebar: Callable[..., Sidebar]) -> None:
    one = sidebar()
    known(one)
    assert one.redraws == 1
    for _ in range(50):
        one.tick()
    client = one.session.backend.client
    assert client is not None
    exchange = client.send("GET", "/log")
    one.until(lambda: exchange.done)
    assert exchange.json()["log"].count("GET /models") == 1
    assert one.redraws == 1


def test_an_answer_that_cannot_be_understood_is_a_sentence(sidebar: Callable[..., Sidebar]) -> None:
    one = sidebar("garbage_models")
    one.until(lambda: one.models.problem)
    assert one.models.problem == NOT_UNDERSTOOD
    assert (one.models.installable, one.models.head_items) == (None, [AUTOMATIC])


def test_a_download_needs_the_network_and_a_file_does_not(tmp_path: Path) -> None:
    session = Session(Settings(None, tmp_path))
    models = Models(session, lambda: "No backend", lambda: "Offline", on_installed=lambda: None, wake=lambda: None)
    assert (models.why_not_install(), models.why_not_install(online=False)) == ("Offline", "No backend")
    assert models.why_not_change() == "No backend"


@pytest.mark.parametrize(
    ("size", "words"), [(1, "1 MB"), (52_000_000, "52 MB"), (999_000_000, "999 MB"), (4_270_000_000, "4.3 GB")]
)
def test_sizes_are_words(size: int, words: str) -> None:
    assert megabytes(size) == words

"""The hair styles that the sidebar offers."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dreamface import styles as backend
from dreamface.styles.style import NAME
from dreamface_addon.link import BackendState
from dreamface_addon.styles import Styles, name_for
from dreamface_addon.vocabulary import STYLE_OF, TRAITS

PRESETS = Path(__file__).parents[2] / "presets" / "hair"


class Engine:
    """A session whose backend answers at once."""

    state = BackendState.READY

    def __init__(self, said: dict[str, Any]) -> None:
        self.said, self.asked = said, []
        self.backend = SimpleNamespace(client=self)
        self.refusal = self.problem = ""

    def send(self, method: str, path: str, body: Any = None) -> Any:
        self.asked.append((method, path))
        error = self.refusal if method != "GET" else None
        return SimpleNamespace(done=True, lost=False, error=error or None, status=200, json=lambda: self.said)


def styles_of(said: dict[str, Any] | None = None, folder: Path = PRESETS) -> tuple[Styles, Engine]:
    engine = Engine(said or {"styles": [], "problems": []})
    return Styles(engine, folder, lambda: None), engine  # type: ignore[arg-type]


def settle(styles: Styles) -> None:
    for _ in range(6):
        styles.tick()


def test_before_the_engine_runs_they_are_those_that_come_along() -> None:
    styles, _ = styles_of()
    for region, trait in STYLE_OF.items():
        assert styles.choices(region) == list(TRAITS[trait].choices), region
    assert styles.find("scalp", "bob").label == "Bob"  # type: ignore[union-attr]
    assert styles.find("beard", "full").name == "beard_full"  # type: ignore[union-attr]


def test_the_engine_says_the_same_of_them() -> None:
    said = backend.styles().to_json()
    coming = {"styles": [style for style in said["styles"] if not style["own"]], "problems": []}
    before, _ = styles_of()
    after, _ = styles_of(json.loads(json.dumps(coming)))
    settle(after)
    assert after.all == before.all


def test_an_own_style_is_offered_last_with_its_picture(tmp_path: Path) -> None:
    picture = tmp_path / "mop.png"
    picture.write_bytes(b"")
    coming = backend.styles().to_json()["styles"]
    own = {**coming[0], "name": "a_mop", "label": "my mop", "region": "scalp", "own": True, "picture": str(picture)}
    styles, _ = styles_of({"styles": [own, *coming], "problems": ["x.json: mend it."]})
    settle(styles)
    assert styles.choices("scalp")[-1] == "a_mop"
    found = styles.find("scalp", "a_mop")
    assert found is not None and found.own and found.label == "My mop" and found.picture == picture
    assert styles.problems == ["x.json: mend it."]
    styles.remove("a_mop")
    assert styles.doing == "Removing the style “My mop”…", "as the artist has called it"


def test_saving_lists_them_again_and_a_refusal_is_said() -> None:
    styles, engine = styles_of()
    settle(styles)
    engine.asked.clear()
    styles.save({"name": "mop", "label": "My Mop"}, {"ab" * 32: b"offset"})
    assert styles.busy and styles.doing == "Keeping the style “My Mop”…" and styles.done == ""
    settle(styles)
    assert engine.asked == [("PUT", f"/uploads/{'ab' * 32}"), ("POST", "/styles"), ("GET", "/styles")]
    assert not styles.busy and styles.problem == "" and styles.done == "“My Mop” is among your styles."
    engine.refusal = "The disk is full."
    styles.remove("bob")
    assert styles.doing == "Removing the style “bob”…" and styles.done == ""
    settle(styles)
    assert styles.problem == "The style “bob” was not removed. The disk is full." and styles.done == ""
    styles.dismiss_messages()
    assert styles.problem == ""
    engine.refusal = ""
    styles.remove("bob")
    settle(styles)
    assert styles.done == "“bob” is removed."
    styles.dismiss_messages()
    assert styles.done == ""


def test_a_style_whose_files_are_refused_is_not_sent() -> None:
    styles, engine = styles_of()
    settle(styles)
    engine.asked.clear()
    engine.refusal = "The disk is full."
    styles.save({"name": "mop"}, {"ab" * 32: b"offset"})
    settle(styles)
    assert styles.problem == "The style “mop” was not kept. The disk is full." and not styles.busy
    assert ("POST", "/styles") not in engine.asked


def test_a_style_waits_for_an_engine_that_starts_and_not_for_one_that_cannot() -> None:
    styles, engine = styles_of()
    engine.state = BackendState.STARTING
    styles.save({"name": "mop", "label": "Mop"}, {})
    settle(styles)
    assert styles.doing == "The style “Mop” is kept when the engine is ready." and engine.asked == []
    engine.state = BackendState.READY
    settle(styles)
    assert styles.done == "“Mop” is among your styles."
    engine.state, engine.problem = BackendState.FAILED, "The engine does not start: see its log."
    styles.save({"name": "mop", "label": "Mop"}, {})
    styles.remove("bob")
    settle(styles)
    assert not styles.busy and styles.problem.startswith("The style “bob” was not removed. The engine does not start")
    engine.state, engine.problem = BackendState.STOPPED, ""
    styles.remove("bob")
    settle(styles)
    assert styles.problem.endswith("The engine is not running: start it in the preferences, then try again.")


@pytest.mark.parametrize("lost", [True, False])
def test_an_engine_that_goes_away_meanwhile_is_a_sentence(lost: bool) -> None:
    styles, engine = styles_of()
    settle(styles)
    answer = SimpleNamespace(done=False, lost=lost, error=None, status=None, json=dict)
    engine.send = lambda *_: answer  # type: ignore[method-assign,assignment]
    styles.save({"name": "mop", "label": "Mop"}, {})
    settle(styles)
    assert styles.busy
    del engine.send
    if lost:
        answer.done = True
    else:  # another engine has taken its place before the connection noticed
        engine.state = BackendState.STARTING
        settle(styles)
        engine.state = BackendState.READY
    settle(styles)
    assert not styles.busy and styles.done == ""
    assert styles.problem == "The style “Mop” was not kept. The engine went away before it had answered: try again."


def test_an_engine_that_says_nonsense_is_a_sentence() -> None:
    styles, _ = styles_of({"styles": [{"name": 5}], "problems": None})
    settle(styles)
    assert len(styles.problems) == 1 and styles.choices("scalp"), "those that come along stay"


def test_a_damaged_file_does_not_keep_the_others_away(tmp_path: Path) -> None:
    shutil.copytree(PRESETS, tmp_path / "hair")
    (tmp_path / "hair" / "bob.json").write_text("{", "utf-8")
    styles, _ = styles_of(folder=tmp_path / "hair")
    assert styles.find("scalp", "bob") is None and styles.find("scalp", "long") is not None


@pytest.mark.parametrize(
    ("label", "region", "name"),
    [
        ("Ada's Bob!", "scalp", "ada_s_bob"),
        ("3 Braids", "scalp", "style_3_braids"),
        ("Grand père", "beard", "beard_grand_pere"),
        ("Ångström", "scalp", "angstrom"),
        ("Straße", "scalp", "strasse"),
        ("Ada\u2019s Bob", "scalp", "ada_s_bob"),
        ("3 Tage", "beard", "beard_3_tage"),
        ("Beard of Ada", "beard", "beard_of_ada"),
        ("волосы", "scalp", "style_38efc3"),
        ("  ВОЛОСЫ ", "scalp", "style_38efc3"),
        ("Beard full", "scalp", "style_beard_full"),
        ("None", "beard", "beard_style_none"),
        ("!?", "scalp", ""),
        ("", "beard", ""),
        ("x" * 80, "beard", "beard_" + "x" * 34),
    ],
)
def test_a_style_is_named_after_what_the_artist_calls_it(label: str, region: str, name: str) -> None:
    assert name_for(label, region) == name


def test_names_in_other_scripts_are_told_apart() -> None:
    labels = ["髪型", "Фея", "美咲 hair", "葵 hair", "hair", "Øre", "re", "शिखा", "شعر", "🔥", "🔥🔥", "m" * 60 + "葵"]
    for region in STYLE_OF:
        names = [name_for(label, region) for label in labels]
        assert len(set(names)) == len(labels)
        assert all(re.fullmatch(NAME, name) for name in names), names
    assert name_for("美咲 hair", "scalp").startswith("hair_")


def test_every_style_that_comes_along_has_a_small_picture() -> None:
    pictures = {file.stem: file for file in (PRESETS / "pictures").glob("*.png")}
    assert {file.stem for file in PRESETS.glob("*.json")} | {"own", "beard_none"} == pictures.keys()
    assert sum(file.stat().st_size for file in pictures.values()) < 1_500_000

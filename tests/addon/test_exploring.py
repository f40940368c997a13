"""A head's neighbours in Blender, with an engine whose pictures come when the test puts them on the disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


@dataclass
class Session:
    """A session whose jobs go on as a test says."""

    store: Path
    url: str = ""
    jobs: list[Any] = field(default_factory=list)
    cancelled: list[Any] = field(default_factory=list)

    @property
    def backend(self) -> Any:
        return SimpleNamespace(settings=SimpleNamespace(store=self.store, url=self.url))

    def submit(self, kind, request, tag, files):
        from dreamface_addon.job import Job

        self.jobs.append(Job(f"{len(self.jobs):032x}", kind, request, tag, files, state="running"))
        return self.jobs[-1]

    def cancel(self, job):
        job.state = "cancelled"
        self.cancelled.append(job)


@dataclass
class Making:
    painted: list[Any] = field(default_factory=list)
    running: list[Any] = field(default_factory=list)

    def paint(self, skin, resolution):
        self.painted.append((skin, resolution))


class Setup:
    def why_no_backend(self):
        return ""


IDENTITY = {"confidence": 0.5, "because": "chosen among neighbours of the face"}


def neighbour(row: int, column: int, traits: dict[str, Any]) -> dict[str, Any]:
    """An entry of the list of neighbours."""
    return {
        "row": row, "column": column, "picture": f"{row}-{column}.png", "values": [column - 2.0, 2.0 - row],
        "is_face": not traits, "traits": traits, "shown": traits,
    }  # fmt: skip


def asked(value: float) -> dict[str, Any]:
    return {"value": value, "confidence": 1.0, "because": ""}


MIDDLE = neighbour(2, 2, {})
RIGHT = neighbour(2, 3, {"nose.width": asked(1.25)})
ABOVE = neighbour(1, 2, {"jaw.width": {"value": -0.5, **IDENTITY}})
OLDER = neighbour(0, 2, {"age": asked(70.0), "star.shine": asked(1.0)})


def write(folder: Path, *entries: dict[str, Any]) -> None:
    """Let pictures be there by now."""
    folder.mkdir(parents=True, exist_ok=True)
    for entry in entries:
        (folder / entry["picture"]).write_bytes(b"png")
    (folder / "neighbours.json").write_text(json.dumps({"axes": [], "neighbours": list(entries)}))


@pytest.fixture
def part(bpy, imported, tmp_path):
    """Explore with a head selected, and what it works with."""
    from dreamface_addon.exploring import Exploring

    session, making, followed = Session(tmp_path), Making(), []
    exploring = Exploring(session, Setup(), making, followed.append, lambda: None)
    bpy.context.view_layer.objects.active = imported.skin
    return SimpleNamespace(
        exploring=exploring, session=session, making=making, followed=followed, skin=imported.skin,
        staged=tmp_path / "staging" / f"{0:032x}-1",
    )  # fmt: skip


def traits(skin: Any) -> dict[str, Any]:
    from dreamface_addon import shaping

    return shaping.traits_of(skin)


def test_a_grid_fills_in_while_its_job_runs(part):
    part.exploring.explore(part.skin, "nose.width", "identity", 0.5, towards=9)
    job = part.session.jobs[0]
    assert job.kind == "explore" and job.request["size"] == 160
    assert job.request["axes"] == [
        {"name": "nose.width", "step": 0.5},
        {"name": "identity", "step": 0.25, "towards": 9},
    ]
    assert job.request["face"]["traits"] == traits(part.skin)
    assert not part.exploring.tick() and not part.exploring.cells
    write(part.staged, MIDDLE)
    assert part.exploring.tick() and set(part.exploring.cells) == {(2, 2)}
    assert part.exploring.cells[2, 2].picture.is_file() and part.exploring.cells[2, 2].is_face
    assert not part.exploring.tick(), "nothing new"
    write(part.staged, MIDDLE, RIGHT)
    assert part.exploring.tick() and len(part.exploring.cells) == 2
    job.state, job.folder = "done", part.staged.rename(part.staged.parent / "done")
    part.exploring.finish(job)
    assert part.exploring.running is None and part.exploring.cells[2, 3].picture.parent == job.folder


def test_over_http_all_come_when_the_job_is_done(part, tmp_path):
    part.session.url = "https://render"
    part.exploring.explore(part.skin, "nose.width", "jaw.width")
    write(part.staged, MIDDLE)
    assert not part.exploring.tick()
    job = part.session.jobs[0]
    job.folder, job.state = tmp_path / "downloads", "done"
    write(job.folder, MIDDLE, RIGHT)
    part.exploring.finish(job)
    assert len(part.exploring.cells) == 2


def test_a_click_goes_to_a_neighbour_and_another_one_further(part):
    before = traits(part.skin)
    part.exploring.explore(part.skin, "nose.width", "identity")
    write(part.staged, MIDDLE, RIGHT, ABOVE)
    part.exploring.tick()
    assert not part.exploring.pick(part.skin, 4, 4), "it is not there"
    assert part.exploring.pick(part.skin, 2, 3) and part.exploring.picked == (2, 3)
    assert traits(part.skin) == before | RIGHT["traits"]
    assert part.followed == [part.skin] and not part.making.painted, "the skin shows no shape"
    part.exploring.pick(part.skin, 1, 2)
    assert traits(part.skin) == before | ABOVE["traits"], "the nose is what it was"
    part.exploring.pick(part.skin, 2, 2)
    assert traits(part.skin) == before


def test_undo_is_noticed(part):
    from dreamface_addon import scene

    before = part.skin[scene.TRAITS_PROPERTY]
    part.exploring.explore(part.skin, "nose.width", "identity")
    write(part.staged, MIDDLE, RIGHT)
    part.exploring.tick()
    part.exploring.pick(part.skin, 2, 3)
    part.exploring.tick()
    assert part.exploring.picked == (2, 3)
    part.skin[scene.TRAITS_PROPERTY] = before
    assert part.exploring.tick() and part.exploring.picked is None


def test_what_the_artist_does_meanwhile_stays(part):
    from dreamface_addon import shaping
    from dreamface_addon.vocabulary import TRAITS

    part.exploring.explore(part.skin, "nose.width", "identity")
    write(part.staged, MIDDLE, RIGHT, ABOVE)
    part.exploring.tick()
    shaping.set_value(part.skin, TRAITS["eyes.size"], 1.5)
    part.exploring.pick(part.skin, 2, 3)
    assert shaping.value_of(part.skin, TRAITS["eyes.size"]) == 1.5


def test_the_skin_is_painted_where_it_differs(part):
    from dreamface_addon import shaping

    shaping.remember_built(part.skin)
    part.exploring.explore(part.skin, "nose.width", "age")
    write(part.staged, MIDDLE, OLDER)
    part.exploring.tick()
    part.exploring.pick(part.skin, 0, 2)
    assert traits(part.skin)["age"]["value"] == 70.0
    assert "star.shine" not in traits(part.skin), "a newer engine's traits are left out"
    wanted = [(part.skin, part.skin["dreamface_resolution"])]
    assert part.making.painted == wanted
    part.exploring.pick(part.skin, 2, 2)
    assert part.making.painted == wanted, "where it began, the maps are those that are there"
    part.making.running.append("another head")
    part.exploring.pick(part.skin, 0, 2)
    part.exploring.tick()
    assert part.making.painted == wanted
    part.making.running.clear()
    part.exploring.tick()
    part.exploring.tick()
    assert part.making.painted == wanted * 2, "as soon as nothing else is made, and once"


def test_locked_regions_stay_on_an_axis_of_identity(part):
    from dreamface_addon import regions
    from dreamface_addon.vocabulary import FAMILIES

    regions.toggle_lock(part.skin, "Ears")
    regions.toggle_lock(part.skin, "Tone")
    part.exploring.explore(part.skin, "identity", "age")
    assert part.session.jobs[0].request["keep"] == [trait.name for trait in FAMILIES["Ears"]]


@pytest.mark.parametrize("how", ["another", "none", "file"])
def test_the_grid_goes_with_its_head(part, bpy, how):
    part.exploring.explore(part.skin, "nose.width", "age")
    write(part.staged, MIDDLE)
    part.exploring.tick()
    if how == "file":
        part.exploring.file_opened()
    else:
        bpy.context.view_layer.objects.active = None
        assert part.exploring.tick()
    assert part.exploring.grid is None and not part.exploring.cells
    assert part.session.cancelled == part.session.jobs


def test_files_of_a_grid_that_was_put_away_are_deleted(part, tmp_path):
    part.exploring.explore(part.skin, "nose.width", "age")
    job = part.session.jobs[0]
    job.folder, job.state = tmp_path / "exports", "done"
    write(job.folder, MIDDLE)
    part.exploring.finish(job)
    part.exploring.close()
    part.exploring.tick()
    assert not job.folder.exists()


def test_a_job_that_fails_says_why(part):
    part.exploring.explore(part.skin, "nose.width", "age")
    job = part.session.jobs[0]
    job.state, job.error = "failed", "That can't be done: ask for something else."
    part.exploring.finish(job)
    assert part.exploring.problem == job.error and part.exploring.grid is None
    part.exploring.dismiss_messages()
    assert not part.exploring.problem


def test_a_damaged_list_is_no_list(part):
    part.exploring.explore(part.skin, "nose.width", "age")
    write(part.staged, MIDDLE)
    (part.staged / "neighbours.json").write_text('{"neighbours": [{"row": 1}]}')
    assert not part.exploring.tick() and not part.exploring.cells


def test_axes_have_labels_ends_and_steps(bpy):
    from dreamface_addon import exploring
    from dreamface_addon.vocabulary import TRAITS

    assert exploring.label_of("identity") == "Identity" and exploring.label_of("nose.width") == "Nose: Width"
    assert exploring.ends_of("nose.width") == ("narrow nose", "wide nose")
    assert all(all(exploring.ends_of(name)) for name in exploring.AXES)
    assert exploring.step_of("age", 1.0) == 12.0 and exploring.step_of("nose.width", 2.0) == 1.5
    assert len({exploring.label_of(name) for name in exploring.AXES}) == len(exploring.AXES)
    assert "hair.style" not in exploring.AXES and set(exploring.AXES) < set(TRAITS)


def test_steps_are_those_of_the_engine(bpy):
    from dreamface.axes import IDENTITY_STEP, Axis, ticks
    from dreamface.traits import VOCABULARY
    from dreamface_addon import exploring

    for name in exploring.AXES:
        trait = VOCABULARY[name]
        middle = 0.5 * (trait.low + trait.high)
        assert ticks(trait, middle) == pytest.approx(ticks(trait, middle, exploring.step_of(name, 1.0)))
        for factor in (0.25, 2.0):
            Axis(name, exploring.step_of(name, factor)).check()
    assert exploring.step_of("identity", 1.0) == IDENTITY_STEP

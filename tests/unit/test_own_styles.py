"""Hair styles of the artist's own: kept as files, replaced and removed by name, and made of guides that they combed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dreamface import pipeline
from dreamface.cli import main
from dreamface.errors import BadRequest, FolderError, NameTaken, UnknownName
from dreamface.face import Head
from dreamface.groom import Surface, from_curves, to_curves
from dreamface.hair import Roots
from dreamface.record import FaceRecord
from dreamface.service import tasks
from dreamface.styles import (
    Curves,
    Skull,
    find_style,
    own_styles_in,
    parse_style,
    presets_folder,
    registry,
    remove_style,
    save_style,
    style_name,
    styles,
    use_folder,
)
from dreamface.traits import Traits

MULLET = {"name": "mullet", "label": "Mullet", "summary": "Short in front, long behind.", "length": 0.6}


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two styles come along; the artist has none."""
    presets = tmp_path / "presets"
    presets.mkdir()
    for style in ({"name": "bob", "label": "Bob"}, {"name": "stubble", "label": "Stubble", "region": "beard"}):
        (presets / f"{style['name']}.json").write_text(json.dumps(style))
    monkeypatch.setattr(registry, "presets_folder", lambda: presets)
    monkeypatch.setenv("DREAMFACE_HAIR", str(tmp_path / "own"))
    return tmp_path


# --------------------------------------------------------------------------------------------------------------- files


def test_a_saved_style_is_there_at_once_and_as_it_was() -> None:
    style = parse_style(MULLET | {"look": {"clump": 0.5}, "parting": {"side": 0.25}})
    assert save_style(style) == registry.own_folder() / "mullet.json"
    assert find_style("mullet", "scalp") == style
    assert styles().about("mullet") == {
        "name": "mullet", "label": "Mullet", "region": "scalp", "summary": "Short in front, long behind.", "own": True,
        "value": "mullet",
        "length": 0.6, "curl": 0.0, "volume": 0.5, "fringe": 0.0, "parting": 0.25, "picture": None,
    }  # fmt: skip
    assert [about["own"] for about in styles().to_json()["styles"]] == [False, False, True]
    remove_style("mullet")
    assert "mullet" not in styles().by_name


def test_a_picture_beside_a_style_is_shown(folders: Path) -> None:
    (folders / "presets" / "bob.png").write_bytes(b"")
    assert styles().about("bob")["picture"] == str(folders / "presets" / "bob.png")


def test_a_taken_name_is_not_replaced_unless_asked() -> None:
    save_style(parse_style(MULLET))
    for taken in ("mullet", "bob"):
        with pytest.raises(NameTaken, match=f"There is a hair style called {taken} already: choose another"):
            save_style(parse_style(MULLET | {"name": taken, "label": "Other"}))
    save_style(parse_style(MULLET | {"label": "Other"}), replace=True)
    assert find_style("mullet", "scalp").label == "Other"


def test_people_who_share_a_service_have_each_their_own(folders: Path) -> None:
    save_style(parse_style(MULLET))
    with own_styles_in(folders / "anna"):
        assert "mullet" not in styles().by_name and "bob" in styles().by_name
        save_style(parse_style(MULLET | {"label": "Anna's"}))
        with ThreadPoolExecutor(1, initializer=use_folder, initargs=(registry.own_folder(),)) as painting:
            assert painting.submit(find_style, "mullet", "scalp").result().label == "Anna's"
    with own_styles_in(folders / "ben"), pytest.raises(UnknownName):
        remove_style("mullet")
    assert find_style("mullet", "scalp").label == "Mullet"
    answer, _ = tasks.CALLS["styles"](styles=str(folders / "anna"))
    listed = {about["name"]: about["label"] for about in answer["styles"]}
    assert listed["mullet"] == "Anna's"


def test_one_that_comes_along_is_back_when_the_own_one_is_gone() -> None:
    save_style(parse_style(MULLET | {"name": "bob"}), replace=True)
    assert find_style("bob", "scalp").label == "Mullet"
    remove_style("bob")
    assert find_style("bob", "scalp").label == "Bob"
    with pytest.raises(BadRequest, match="bob comes along with DreamFace: only your own"):
        remove_style("bob")


@pytest.mark.parametrize("name", ["nobody", "../presets/bob", "", "a\nb"])
def test_only_what_is_there_can_be_removed(folders: Path, name: str) -> None:
    with pytest.raises(UnknownName):
        remove_style(name)
    assert (folders / "presets" / "bob.json").exists()


def test_one_that_is_damaged_keeps_its_name_and_can_be_removed() -> None:
    registry.own_folder().mkdir()
    file = registry.own_folder() / "mullet.json"
    file.write_text("{")
    assert [problem.startswith("The hair style mullet.json is damaged: ") for problem in styles().problems.values()]
    with pytest.raises(BadRequest, match=r"mullet\.json is damaged"):
        find_style("mullet", "scalp")
    with pytest.raises(NameTaken):
        save_style(parse_style(MULLET))
    remove_style("mullet")
    assert not file.exists() and not styles().problems


@pytest.mark.parametrize("fields", [{"name": "con"}, {"label": "a\x1b[31m"}, {"summary": "one\ntwo"}])
def test_what_no_file_or_terminal_takes_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        save_style(parse_style(MULLET | fields))
    assert not registry.own_folder().exists() or not list(registry.own_folder().iterdir())


def test_a_folder_that_cannot_be_written_is_a_sentence(folders: Path) -> None:
    (folders / "own").write_text("a file in its place")
    with pytest.raises(FolderError):
        save_style(parse_style(MULLET))


def test_an_unknown_style_names_the_nearest(monkeypatch: pytest.MonkeyPatch, folders: Path) -> None:
    with pytest.raises(BadRequest, match=r"There is no scalp style called 'bop'; the nearest are bob\."):
        find_style("bop", "scalp")
    monkeypatch.setattr(registry, "presets_folder", lambda: folders / "nowhere")
    with pytest.raises(BadRequest, match="nor any other: install DreamFace again"):
        find_style("bop", "scalp")


def test_a_beard_is_called_by_its_trait_without_its_region() -> None:
    save_style(parse_style(MULLET | {"name": style_name("goatee", "beard"), "region": "beard"}))
    assert (styles().about("beard_goatee")["value"], style_name("beard_goatee", "beard")) == ("goatee", "beard_goatee")
    with pytest.raises(BadRequest, match=r"There is no beard style called 'goat'; the nearest are goatee, stubble\."):
        find_style("beard_goat", "beard")


def test_an_installed_package_has_its_styles_inside(monkeypatch: pytest.MonkeyPatch, folders: Path) -> None:
    package = folders / "site-packages" / "dreamface"
    monkeypatch.undo()
    monkeypatch.setattr(registry, "__file__", str(package / "styles" / "registry.py"))
    (package / "presets" / "hair").mkdir(parents=True)
    assert presets_folder() == package / "presets" / "hair"


def test_the_command_lists_them_by_region(capsys: pytest.CaptureFixture[str]) -> None:
    save_style(parse_style(MULLET))
    (registry.own_folder() / "perm.json").write_text("{}")
    assert main(["styles"]) == 0
    said = capsys.readouterr().out
    assert said.index("bob") < said.index("mullet") < said.index("stubble")
    assert "your own" in said[said.index("mullet") : said.index("stubble")]
    assert "your own" not in said[: said.index("mullet")] and "perm.json" in said
    assert main(["styles", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [style["name"] for style in listed["styles"]] == ["bob", "stubble", "mullet"]
    assert len(listed["problems"]) == 1


# -------------------------------------------------------------------------------------------------------------- guides


@pytest.fixture(scope="module")
def heads() -> tuple[Head, Head]:
    """Two people."""
    traits = {"age": 30.0}
    old = {"age": 70.0, "gender": 1.0, "jaw.width": 2.0}
    return pipeline.build_head("anny", Traits(traits), 3), pipeline.build_head("anny", Traits(old), 8)


def combed(head: Head, region: str, count: int = 60) -> tuple[Tensor, Roots]:
    """Guides that hang from a region of a head, and where they are rooted."""
    triangles = head.topology.triangles
    regions = head.topology.regions  # the beard's goes on inside the mouth
    covered = (regions[region] - regions["mouth_inside"])[triangles].min(dim=1).values > 0.5
    chosen = covered.nonzero()[:, 0]
    chosen = chosen[torch.linspace(0, len(chosen) - 1, count).long()]
    roots = Roots(chosen, torch.tensor([0.6, 0.3, 0.1]).expand(count, 3))
    along = torch.linspace(0.0, 1.0, 12)[None, :, None]
    out = roots.frames(head.vertices, triangles)[:, None, :, 2]
    down = torch.tensor([0.0, 0.0, -0.1])
    return roots.on(head.vertices, triangles)[:, None] + 0.02 * along * out + along**2 * down, roots


def evenly(points: Tensor, count: int) -> bool:
    steps = points.diff(dim=1).norm(dim=2)
    return points.shape[1] == count and bool((steps.std(dim=1) < 0.05 * steps.mean(dim=1)).all())


@pytest.mark.parametrize("region", ["scalp", "beard"])
def test_guides_come_back_to_the_same_head_where_they_were(heads: tuple[Head, Head], region: str) -> None:
    head, _ = heads
    points, _ = combed(head, region)
    again, roots = from_curves(to_curves(points, head), head)
    assert evenly(again, 12)
    away = (again[:, (0, -1)] - points[:, (0, -1)]).norm(dim=2)
    assert away.median() < 5e-5 and away.max() < 1e-3
    assert torch.allclose(roots.on(head.vertices, head.topology.triangles), again[:, 0], atol=1e-6)
    twice, _ = from_curves(to_curves(again, head), head)
    assert (twice - again).norm(dim=2).max() < 1e-4, "saving what was saved changes nothing"


@pytest.mark.parametrize("region", ["scalp", "beard"])
def test_guides_fit_another_head(heads: tuple[Head, Head], region: str) -> None:
    first, other = heads
    points, _ = combed(first, region)
    moved, roots = from_curves(to_curves(points, first), other)
    triangles = other.topology.triangles
    assert torch.allclose(roots.on(other.vertices, triangles), moved[:, 0], atol=1e-6)
    assert other.topology.regions[region][triangles[roots.triangle]].mean() > 0.6, "they stay where such hair grows"
    scale = Skull.of(other).size / Skull.of(first).size
    lengths = [guides.diff(dim=1).norm(dim=2).sum(dim=1) for guides in (points, moved)]
    assert torch.allclose(lengths[1], scale * lengths[0], rtol=0.05)
    assert (roots.barycentric >= -1e-4).all() and torch.allclose(
        roots.barycentric.sum(dim=1), torch.ones(60), atol=1e-4
    )


def test_guides_of_any_number_of_points_become_even(heads: tuple[Head, Head]) -> None:
    head, _ = heads
    points, _ = combed(head, "scalp", 3)
    bunched = points[1][[0, 1, 2, 3, 11]]
    curves = to_curves([points[0], bunched, points[2][:7], points[0][:1], points[0][[0, 0]]], head)
    assert len(curves.points) == 3, "a guide without a length is none"
    assert evenly(from_curves(curves, head)[0], 12)
    assert len(to_curves([points[0].repeat_interleave(40, dim=0)], head).points[0]) == 96


def test_guides_that_are_none_are_refused(heads: tuple[Head, Head]) -> None:
    head, _ = heads
    points, _ = combed(head, "scalp", 9)
    for guides, words in (
        ([], "comb some hair first"),
        (points + torch.tensor([0.0, 0.0, 0.5]), "do not start on the head's skin"),
        (torch.cat((points, 100.0 * points[:, -1:]), dim=1), "metres away"),
    ):
        with pytest.raises(BadRequest, match=words):
            to_curves(guides, head)
    far = Curves(azimuth=(0.0,), elevation=(0.0,), points=(((0.0, 0.0, 1.0), (1e300, 0.0, 0.0)),))
    with pytest.raises(BadRequest, match="metres away"):
        from_curves(far, head)


def test_roots_lie_on_the_skin_and_not_inside_the_mouth(heads: tuple[Head, Head]) -> None:
    head, _ = heads
    points, _ = combed(head, "beard")
    surface, triangles = Surface(head), head.topology.triangles
    assert (surface.roots_at(points[:, 0]).on(head.vertices, triangles) - points[:, 0]).norm(dim=1).max() < 1e-5
    mouth = head.topology.regions["mouth_inside"]
    inside = head.vertices[mouth > 0.9]
    forward = torch.tensor([[0.0, -1.0, 0.0]]).expand_as(inside)
    for roots in (surface.roots_at(inside), surface.roots_along(inside, forward)):
        assert (mouth[triangles[roots.triangle]].min(dim=1).values < 0.5).all()


def test_a_style_of_guides_has_the_values_it_was_combed_at(heads: tuple[Head, Head]) -> None:
    traits = Traits({"age": 30.0, "hair.length": 0.8, "beard.length": 0.2})
    record = FaceRecord("f", "a man", 3, 512, "anny", traits)
    points, _ = combed(heads[0], "scalp")
    save_style(parse_style({"name": "thick", "label": "Thick", "look": {"radius": 0.09}}))
    style = pipeline.style_of_guides("mine", "Mine", "scalp", points, record, like="thick")
    assert (style.length, style.look.radius, style.points) == (0.8, 0.09, 12)
    save_style(style)
    assert find_style("mine", "scalp") == style
    beard, _ = combed(heads[0], "beard")
    whiskers = pipeline.style_of_guides("mine", "Mine", "beard", beard, record)
    assert (whiskers.name, whiskers.length) == ("beard_mine", 0.2)
    with pytest.raises(BadRequest, match="no scalp style called 'thin'"):
        pipeline.style_of_guides("mine", "Mine", "scalp", points, record, like="thin")

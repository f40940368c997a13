"""README and docs/: what they tell users to type exists, and their links lead somewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
ARTISTS_GUIDE = (ROOT / "docs" / "blender.md").read_text("utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_and_pictures_are_there(document: Path) -> None:
    text = document.read_text("utf-8")
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text) + re.findall(r'<img src="([^"]+)"', text)
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


def test_the_commands_it_names_exist() -> None:
    words = set(re.findall(r"python3 run\.py ([a-z]+)", README))
    assert {"generate", "extension", "test"} <= words
    command = [sys.executable, "-m", "dreamface", "--help"]
    help_text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    missing = [word for word in words - {"extension", "test"} if not re.search(rf"\b{word}\b", help_text)]
    assert missing == []


def test_an_artist_sees_a_face_and_what_to_do_on_the_first_screen() -> None:
    first_screen = "\n".join(README.splitlines()[:26])
    assert "<img" in first_screen and "docs/pictures/" in first_screen
    assert re.search(r"^1\. .*\n2\. .*\n3\. .*$", first_screen, re.MULTILINE)
    assert first_screen.count("\npython3 run.py ") == 2


def test_every_picture_is_shown_somewhere() -> None:
    texts = "".join(document.read_text("utf-8") for document in DOCUMENTS)
    assert [file.name for file in (ROOT / "docs" / "pictures").iterdir() if f"pictures/{file.name}" not in texts] == []


def test_the_troubles_in_the_artists_guide_are_sentences_that_blender_shows() -> None:
    table = ARTISTS_GUIDE.split("| it says | do |")[1].split("\n\n")[0]
    troubles = [row.split("|")[1].strip() for row in table.splitlines()[2:]]
    assert len(troubles) > 8 and troubles.pop().startswith("anything else")
    unknown = [said for said in troubles if not all(piece.strip() in SIDEBAR for piece in said.split("...") if piece)]
    assert unknown == []


def test_the_buttons_in_the_artists_guide_exist() -> None:
    pages = ARTISTS_GUIDE.split("## The tab")[1].split("## What is in the scene")[0]
    names = {name.rstrip("…").casefold() for name in re.findall(r"\*\*([A-Z][^*]+)\*\*", pages)}
    names = {
        name.removesuffix(" old fisherman") for name in names
    }  # the selected head's name, or letters that stand for it
    assert len(names) > 25
    assert sorted(name for name in names if name not in SIDEBAR.casefold()) == []


def test_the_buttons_in_the_guide_to_hair_exist() -> None:
    guide = (ROOT / "docs" / "hair.md").read_text("utf-8").split("## The file of a style")[0]
    names = {name.rstrip("…").casefold() for name in re.findall(r"\*\*([A-Z][^*]+)\*\*", guide)}
    assert len(names) > 8
    assert sorted(name for name in names if name not in SIDEBAR.casefold()) == []


def test_the_guide_to_hair_has_every_field_of_a_style() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import style_tables
    finally:
        sys.path.remove(str(ROOT / "tools"))
    written = style_tables.PAGE.read_text("utf-8").partition(style_tables.START)[2].strip()
    assert written == style_tables.tables().strip(), "run: python tools/style_tables.py"
    style_tables.style.parse_style(
        json.loads(style_tables.PAGE.read_text("utf-8").split("```json\n")[1].split("```")[0])
    )


def _sources_of_the_sidebar() -> str:
    """Return the add-on's code as one text, with strings that go over several lines joined."""
    files = [file for room in ("dreamface_addon", "operators", "panels") for file in (ROOT / room).rglob("*.py")]
    code = "\n".join(file.read_text("utf-8") for file in files)
    return re.sub(r'"\s*\n\s*f?"', "", code)


SIDEBAR = _sources_of_the_sidebar()

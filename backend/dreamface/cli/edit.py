"""`dreamface edit`: edits laid on a face, and its stack changed; `dreamface edits`: the words that work."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dreamface._files import cannot_write
from dreamface.cli import stack
from dreamface.cli.commands import check_source, moved_elsewhere, wanted_formats, what_was_written
from dreamface.cli.faces import STATES, folder_of
from dreamface.cli.making import Written, check_free, export_all, staging, write
from dreamface.cli.terminal import Terminal, table
from dreamface.errors import BadRequest, FolderError
from dreamface.expressions import expression
from dreamface.limits import read_seed
from dreamface.text import slug

if TYPE_CHECKING:
    from dreamface.editing import NewEdit
    from dreamface.face import Face
    from dreamface.progress import Progress
    from dreamface.record import EditEntry, FaceRecord, Place

_MAKES: Final = ("words", "sketch", "picture", "mix", "copy_from", "expression")
_CHANGES: Final = ("list", "remove", "move", "hide", "show", "set_strength")
"""Of which a command does one."""

_PLACES: Final = ("mask", "tile", "region", "feather", "mirror", "invert")
_DIFFUSION: Final = "diffusion"
_BY_DIFFUSION: Final = "add --diffusion"
_STARTS: Final = ("sketch", "picture")
"""What diffusion may begin with."""

_GOES_WITH: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(_PLACES, ("words", "sketch", "picture", "mix")),
    "strength": ("words", "sketch", "picture"),
    "label": ("words", "sketch", "picture", "mix"),
    **dict.fromkeys(("steps", "guidance", "from_skin", "seed"), (_DIFFUSION,)),
    "as_": ("sketch", "picture"),
    **dict.fromkeys(("at", "size", "angle"), ("picture",)),
    **dict.fromkeys(("take", "degree"), ("mix",)),
}
"""Option -> what it is an option of."""

_EXPORTS: Final = ("glb", "blend")
_SIZE_MM: Final = 40.0
_DEGREE: Final = 0.5


def run(options: Namespace, terminal: Terminal) -> bool:
    """Lay an edit on a face, or change its stack."""
    options.words = " ".join(options.words)
    action = _action(options)
    if action == "list":
        return _list(options.face, terminal)
    if options.output is not None:
        check_free(options.output)
    with terminal.progress() as progress:
        from dreamface import pipeline

        source, opened, face, notes = open_to_change(options, progress)
        slow = 0.5 if action == _DIFFUSION else 0.05
        edits, pictures, not_understood = _new_stack(options, action, face, progress.part(0.05, slow))
        worn = expression(options.expression).traits(face.traits) if action == "expression" else {}
        made = pipeline.edit(face, worn, edits=edits, pictures=pictures, progress=progress.part(slow, 0.7))
        written = write_edited(made, source, options, progress.part(0.7, 1.0), opened)
    written.notes += notes + moved_elsewhere(written, options.output)
    listed = [_to_json(number, edit) for number, edit in enumerate(made.record.edits, 1)]
    terminal.result({"edits": listed, "not_understood": list(not_understood), **written.to_json()})
    terminal.show(
        *_ignored(not_understood, action),
        _as_table(made.record.edits) if made.record.edits else "The face has no edits now.",
        *what_was_written(written),
    )
    return True


def _action(options: Namespace) -> str:
    """Return what is to be done.

    Raises:
        BadRequest: it is nothing, or more than one thing, or an option goes with something else.
    """
    asked = [name for name in (*_MAKES, *_CHANGES) if getattr(options, name)]
    if options.diffusion:
        if not options.words:
            raise BadRequest('Say what diffusion should make: add words such as "gold cracks".')
        if options.sketch and options.picture:
            raise BadRequest("Diffusion begins with a sketch or with a picture: leave one of them away.")
        asked = [_DIFFUSION, *(name for name in asked if name not in ("words", *_STARTS))]
    if not asked:
        raise BadRequest(
            'Say what to edit: words such as "a scar", --sketch, --picture, --mix, --copy-from or --expression; or '
            "--list the edits."
        )
    if len(asked) > 1:
        names = " and ".join("words" if name == "words" else _option(name) for name in asked[:2])
        raise BadRequest(f"{names} are two edits: give one of them, then run it again for the other.")
    for name, owners in _GOES_WITH.items():
        if getattr(options, name) not in (None, False, []) and not _owned(options, asked[0], owners):
            with_ = " or ".join("words" if owner == "words" else _option(owner) for owner in owners)
            raise BadRequest(f"{_option(name)} goes with {with_}: leave it away, or give that.")
    return asked[0]


def _owned(options: Namespace, action: str, owners: Sequence[str]) -> bool:
    """Return whether an option of these owners goes with what is done."""
    if action != _DIFFUSION:
        return action in owners
    starts = [name for name in _STARTS if getattr(options, name)]
    return bool({_DIFFUSION, "words", *starts} & set(owners))


def _ignored(words: Sequence[str], action: str) -> list[str]:
    """Return lines about words that nothing was made of."""
    from dreamface import editing

    if not words:
        return []
    ignored = f"Ignored   {', '.join(words)}"
    return (
        [f"{ignored} (more words than the model reads)"]
        if action == _DIFFUSION
        else [ignored, editing.offer_diffusion(_BY_DIFFUSION)]
    )


def _option(name: str) -> str:
    return f"--{name.strip('_').replace('_', '-')}"


def _list(face: Path, terminal: Terminal) -> bool:
    from dreamface import folder

    edits = folder.read_document(folder_of(face)).record.edits
    terminal.result([_to_json(number, edit) for number, edit in enumerate(edits, 1)])
    terminal.show(_as_table(edits) if edits else "The face has no edits.")
    return True


def _as_table(edits: Sequence[EditEntry]) -> Any:
    """Return the stack as artists see one: what lies on top comes first."""
    rows = table("", "no.", "edit", "kind", "strength", "where", "id")
    for number, edit in reversed(list(enumerate(edits, 1))):
        strength = f"{edit.strength:.0%}" if edit.visible else f"{edit.strength:.0%}, hidden"
        rows.add_row(str(number), edit.label, edit.kind, strength, _where(edit), edit.id)
    return rows


def _where(edit: EditEntry) -> str:
    """Return where an edit lies, as a person says it."""
    if edit.kind == "picture":
        size, (u, v) = edit.parameters.get("size_mm"), (edit.parameters.get(name) for name in ("u", "v"))
        if all(isinstance(number, float | int) for number in (size, u, v)):
            return f"{edit.parameters.get('tile')}:{u:.2f},{v:.2f}, {size:g} mm"
    if edit.kind == "sketch" and edit.place is None:
        return "where it was drawn"
    return stack.place_in_words(edit.place)


def _to_json(number: int, edit: EditEntry) -> dict[str, Any]:
    from dreamface.record import write_edits

    return {"number": number, **write_edits((edit,))[0]}


# ---------------------------------------------------------------------------------------------------- the new stack


def _new_stack(
    options: Namespace, action: str, face: Face, progress: Progress
) -> tuple[tuple[EditEntry, ...], dict[str, bytes], tuple[str, ...]]:
    """Return the stack that the face is to have, the new pictures, and the words nothing was made of."""
    from dreamface import editing
    from dreamface.record import MOST_STRENGTH

    edits = face.record.edits
    if action == _DIFFUSION:
        diffused = _diffused(options, face, progress)
        return editing.added(edits, *diffused.entries), dict(diffused.pictures), diffused.not_understood
    if action == "expression":
        return edits, {}, ()
    if action in _MAKES:
        if action == "copy_from":
            carried, pictures = _copied(options.copy_from, face)
            return editing.added(edits, *carried), pictures, ()
        new, pictures = _made(options, action, face)
        return editing.added(edits, *new.entries), {**pictures, **new.pictures}, new.not_understood
    if action == "remove":
        return stack.removed(edits, options.remove), {}, ()
    if action == "move":
        return stack.moved(edits, *options.move), {}, ()
    if action == "set_strength":
        return stack.strengthened(edits, *options.set_strength, most=MOST_STRENGTH), {}, ()
    return stack.shown(edits, options.hide or options.show, action == "show"), {}, ()


def _copied(other: Path, face: Face) -> tuple[tuple[EditEntry, ...], dict[str, bytes]]:
    from dreamface import editing, folder

    source = folder_of(other)
    theirs = folder.read_document(source).record
    if not theirs.edits:
        raise BadRequest(f"{other} has no edits: nothing was copied.")
    return editing.carry(theirs.edits, folder.read_pictures(source), theirs, face.record)


def _made(options: Namespace, action: str, face: Face) -> tuple[NewEdit, dict[str, bytes]]:
    """Return the edit that is asked for, and the pictures of its place."""
    from dreamface import editing, pipeline

    topology, strength = face.head.topology, 1.0 if options.strength is None else options.strength
    place, pictures = _marked(options, face)
    label = options.label or ""
    if action == "words":
        traits = pipeline.shown_traits(face.record)
        try:
            known = face.record.corrections
            new = editing.words_edit(
                options.words, place, traits=traits, strength=strength, label=label, corrections=known
            )
            return new, pictures
        except editing.NothingUnderstood as error:
            raise BadRequest(f"{error.reason} {editing.offer_diffusion(_BY_DIFFUSION)}") from error
    if action == "sketch":
        drawn = _by_tile(options.sketch)
        as_ = options.as_ or ""
        return editing.sketch_edit(topology, drawn, as_, place, strength=strength, label=label), pictures
    if action == "mix":
        degree = _DEGREE if options.degree is None else options.degree
        return editing.mix_edit(
            _other(options.mix), options.take or ["skin"], place, degree=degree, label=label
        ), pictures
    if options.at is None:
        raise BadRequest("Say where the picture lies: --at left_cheek, or --at TILE:U,V such as skin:0.5,0.4.")
    new = editing.picture_edit(
        face.head, options.picture, _spot(options.at), _SIZE_MM if options.size is None else options.size,
        angle=options.angle or 0.0, as_=options.as_ or "", place=place, strength=strength, label=label,
    )  # fmt: skip
    return new, pictures


def _diffused(options: Namespace, face: Face, progress: Progress) -> NewEdit:
    """Return the edit that diffusion makes."""
    from dreamface import editing

    place, pictures = _marked(options, face)
    start = next((name for name in _STARTS if getattr(options, name)), "")
    begun = _made(options, start, face)[0] if start else None
    given = {"steps": options.steps, "guidance": options.guidance, "keep": options.from_skin, "seed": options.seed}
    wish = editing.Diffusion(options.words, **{name: value for name, value in given.items() if value is not None})
    return editing.diffusion_edit(
        face, wish, place, start=begun, strength=1.0 if options.strength is None else options.strength,
        label=options.label or "", pictures=pictures, progress=progress,
    )  # fmt: skip


def _marked(options: Namespace, face: Face) -> tuple[Place | None, dict[str, bytes]]:
    from dreamface import editing

    masks: dict[str, Path] = _by_tile(options.tile, alone=False)
    if options.mask is not None:
        first = editing.face_tile(face.head.topology)
        if first in masks:
            raise BadRequest(f"There are two masks for the tile {first}: give one, by --mask or by --tile.")
        masks = {first: options.mask, **masks}
    return editing.mark(
        face.head.topology, regions=options.region, mask=masks or None, feather=options.feather or 0.0,
        mirror=options.mirror, inverted=options.invert,
    )  # fmt: skip


def _by_tile(given: Sequence[str], *, alone: bool = True) -> Any:
    """Return tile -> file of `TILE=FILE`; where it may, a file alone is returned as it is.

    Raises:
        BadRequest: two files are for the same tile, or for none.
    """
    found: dict[str, Path] = {}
    for text in given:
        tile, equals, file = text.partition("=")
        if not equals or Path(text).exists():
            if len(given) > 1 or not alone:
                raise BadRequest(f"Write which tile {text} is for, such as back_of_head={text}.")
            return Path(text)
        if tile in found:
            raise BadRequest(f"There are two pictures for the tile {tile}: give one.")
        found[tile] = Path(file)
    return found


def _spot(text: str) -> str | tuple[str, float, float]:
    """Return a region, or a tile with u and v as "skin:0.5,0.4" has it."""
    tile, colon, place = text.partition(":")
    if not colon:
        return text
    try:
        u, v = map(float, place.split(","))
    except ValueError:
        raise BadRequest(f"A place in a tile is written TILE:U,V, such as skin:0.5,0.4; got {text!r}.") from None
    return tile, u, v


def _other(text: str) -> FaceRecord | int:
    """Return the record of a face's folder, or the number of "seed:5"."""
    from dreamface import folder

    word, colon, number = text.partition(":")
    if colon and word == "seed":
        try:
            seed = read_seed(number)
        except ValueError:
            seed = None
        if seed is None:
            raise BadRequest(f"A person is drawn from a number, such as seed:5; got {text!r}.")
        return seed
    return folder.read_document(folder_of(Path(text))).record


# ----------------------------------------------------------------------------------------------------------- writing


def _check_kept(source: Path, options: Namespace, sculpted: bool) -> list[str]:
    """Refuse to write over files that somebody has changed; sentences about them where another folder is written.

    Raises:
        FolderError: a file would be lost.
    """
    from dreamface import folder

    if options.output is not None:
        return check_source(source, needs_geometry=sculpted)
    changed = [found.file for found in folder.verify(source) if found.state == "changed"]
    made_anew = wanted_formats(options)
    changed += [name for name in folder.changed_exports(source) if Path(name).suffix.removeprefix(".") in made_anew]
    for file in changed:
        raise FolderError(
            f"{source / file} {STATES['changed']}, and would be made again: add -o to write another folder."
        )
    return []


def open_to_change(options: Namespace, progress: Progress) -> tuple[Path, str, Face, list[str]]:
    """Return a face's folder, its `folder.state_of`, the face, and sentences about it for whoever changes it.

    Raises:
        FolderError: it can't be opened, or a file would be lost; see `_check_kept`.
    """
    from dreamface import folder

    source = folder_of(options.face)
    progress.report("open", 0.0, "Opening the face")
    opened = folder.state_of(source)
    face = folder.load(source)
    return source, opened, face, _check_kept(source, options, sculpted=face.head.offset is not None)


def _check_still(source: Path, options: Namespace, opened: str) -> None:
    """Refuse to write over what somebody has changed since a face was opened.

    Raises:
        FolderError: a file would be lost.
    """
    from dreamface import folder

    _check_kept(source, options, sculpted=False)
    if folder.state_of(source) != opened:
        raise FolderError(
            f"{source} was saved by another program meanwhile: add -o to write another folder, or open it again."
        )


def write_edited(made: Face, source: Path, options: Namespace, progress: Progress, opened: str) -> Written:
    """Save the face in its own folder, or in another one; its exports, too.

    Args:
        made: the face.
        source: its folder.
        options: of the command.
        progress: 0..1 of the writing.
        opened: its `folder.state_of` when it was opened.

    Raises:
        FolderError: somebody has changed its folder since.
    """
    name = slug(made.prompt)
    if options.output is not None:
        with staging(options.output.absolute().parent) as stage:
            return write(made, stage, options.output, name, wanted_formats(options), progress)
    from dreamface import folder

    wanted, place = wanted_formats(options), source.resolve()
    formats = [suffix for suffix in _EXPORTS if suffix in wanted and (source / f"{name}.{suffix}").is_file()]
    with staging(place.parent) as stage:  # whatever fails or is stopped, the face stays as it was
        staged = Written(place)
        if formats:
            whole = folder.save(made, stage / place.name, progress.part(0.0, 0.3))
            staged = export_all(made, whole, name, formats, progress.part(0.3, 0.8))
        _check_still(source, options, opened)
        noted = folder.noted_exports(place)
        folder.save(made, place, progress.part(0.8 if formats else 0.0, 1.0))
        try:
            files = {suffix: file.replace(place / file.name) for suffix, file in staged.files.items()}
        except OSError as error:
            raise cannot_write(place / name, error) from error
    if noted or files:
        folder.note_exports(place, [file.name for file in files.values()], noted)
    return Written(place, files, staged.notes)


# ------------------------------------------------------------------------------------------------------ dreamface edits


def words(options: Namespace, terminal: Terminal) -> bool:
    """List every word that works in an edit by family, and the regions."""
    from dreamface import editing

    known = editing.vocabulary()
    terminal.result(known)
    for family in known["families"]:
        rows = table(family["name"], "name", "what it is", "words for it")
        for word in family["words"]:
            rows.add_row(word["name"], word["description"], ", ".join((*word["words"], *word["variants"])))
        terminal.show(rows)
    regions = table("regions", "region", "label", "words for it")
    for region in known["regions"]:
        regions.add_row(region["name"], region["label"], ", ".join(region["words"]))
    terminal.show(regions)
    return True

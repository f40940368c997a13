"""The single commands. Each returns True when all was done; see `entry.Command`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from dreamface import language
from dreamface.cli.doctor import can_have_bpy
from dreamface.cli.faces import STATES, folder_of
from dreamface.cli.making import Destination, Written, check_free, staging, write
from dreamface.cli.terminal import Rows, Terminal, table
from dreamface.cli.words import exactly, in_words, seen_in_words, settings, summary
from dreamface.errors import BadRequest, FolderError, MissingDependency, NothingRead
from dreamface.expressions import expression, expressions
from dreamface.limits import MOST_CARDS_LEVEL
from dreamface.record import Correction, FaceRecord
from dreamface.text import slug
from dreamface.traits import VOCABULARY, Group, Kind, Trait, Traits, TraitValue, Value

if TYPE_CHECKING:
    from dreamface.pipeline import Detail, FastDetail, Option, PromptReading

DOUBTFUL: Final = 0.6
"""Confidence below which a row is marked as a guess."""


def generate(options: Namespace, terminal: Terminal) -> bool:
    """Make a face, its folder and its exports."""
    prompt = " ".join(options.prompt)
    chosen = settings(options.set)
    worn = expression(options.expression) if options.expression else None
    destination = Destination(options.output)
    with terminal.progress() as progress:
        from dreamface import pipeline

        pipeline.check_request(prompt, options.seed or 0, options.resolution, options.head)
        detail = _detail(options)
        pipeline.check_can_align(options.align)
        reading = pipeline.read(prompt)
        if worn is not None:
            chosen = {**worn.traits(reading.traits), **chosen}
        with destination.staging() as stage:
            face = pipeline.generate(
                prompt,
                seed=options.seed,
                resolution=options.resolution,
                head=options.head,
                traits=chosen or None,
                anyway=options.anyway,
                detail=detail,
                align=options.align,
                reading=reading,
                progress=progress.part(0.0, 0.7),
            )
            name = slug(face.prompt)
            folder = destination.folder(name, face.seed)
            written = write(face, stage, folder, name, wanted_formats(options), progress.part(0.7, 1.0))
    written.notes += moved_elsewhere(written, options.output)
    written.notes += pipeline.detail_remarks(face.record)
    moved = pipeline.fits_better(face.traits)
    asked = Traits({name: entry for name, entry in face.traits.asked().items() if name not in moved})
    reasons, looked = {note.words for note in reading.notes}, pipeline.alignment_note(face.record)
    terminal.result(
        {
            "prompt": face.prompt,
            "seed": face.seed,
            "resolution": face.resolution,
            "understood": asked.to_json(),
            "not_understood": list(face.record.not_understood),
            "read_notes": [note.text for note in reading.notes],
            "alignment": face.record.to_json().get("alignment"),
            "moved": {name: face.traits.to_json()[name] for name in moved},
            **written.to_json(),
        }
    )
    terminal.show(
        *_what_was_read(asked, tuple(word for word in face.record.not_understood if word not in reasons)),
        *_titled("Placed", [edit.label for edit in face.record.edits]),
        *_titled("Note", [note.text for note in reading.notes]),
        *_titled("Looked", [looked] if looked else []),
        *what_was_written(written),
        f"Seed      {face.seed}",
    )
    return True


def _detail(options: Namespace) -> Detail | FastDetail | Literal["quick"]:
    """Return how the detail is to be made.

    Raises:
        BadRequest: a number is out of range, or is for diffusion, which is not asked for.
    """
    from dreamface import pipeline

    given = {name: getattr(options, name) for name in ("steps", "guidance") if getattr(options, name) is not None}
    if options.detail == "quick":
        if given:
            raise BadRequest(f"--{next(iter(given))} is for --detail diffusion: add that.")
        return "quick"
    detail = pipeline.detail_from({"fast": options.detail == "fast-diffusion", **given})
    pipeline.check_detail(detail)
    return detail


def read(options: Namespace, terminal: Terminal) -> bool:
    """Show how a prompt is understood: each trait with the words behind it, marks with their places, and all the rest.

    Raises:
        NothingRead: nothing of it is, which has been shown already.
    """
    from dreamface import pipeline

    reading = pipeline.read(" ".join(options.prompt))
    others = pipeline.alternatives(reading)
    options_of = {words: [[one.said, dict(one.traits)] for one in found] for words, found in others.items()}
    terminal.result({**reading.to_json(), "alternatives": options_of})
    if reading.nothing_read:
        raise NothingRead(reading.nothing_read)
    terminal.show(_table_of(reading) if reading.traits else "Nothing in this prompt says how the face looks.")
    marks = [f"{mark.label} ({', '.join(mark.place.regions) if mark.place else ''})" for mark in reading.marks]
    terminal.show(
        *_titled("Guessed", _guesses(reading, others)),
        *_titled("Placed", marks),
        *_titled("Note", [note.text for note in reading.notes]),
        *ignored_words(reading.not_understood),
    )
    return True


def _table_of(reading: PromptReading) -> Rows:
    """Return a row for each trait, by the words that caused them, in the order of the prompt."""
    rows = table("", "because of", "read as", "sure", "trait", "value")
    spans = {name: cause.spans[0] if cause.spans else (0, 0) for name, cause in reading.causes.items()}
    before = ""
    for name in sorted(reading.traits, key=lambda name: (spans.get(name, (0, 0)), reading.traits[name].because)):
        entry, cause = reading.traits[name], reading.causes.get(name)
        first = entry.because != before
        before = entry.because
        said = f"{cause.said}{', follows' if cause.follows else ''}" if cause is not None else ""
        doubt = "?" if entry.confidence < DOUBTFUL else ""
        rows.add_row(
            entry.because if first else "",
            said,
            f"{entry.confidence:.0%}{doubt}",
            name,
            exactly(VOCABULARY[name], entry.value),
        )
    return rows


def _guesses(reading: PromptReading, others: Mapping[str, Sequence[Option]]) -> list[str]:
    """Return what words that are only guessed at could also mean, a line each."""
    sure: dict[str, float] = {}
    for entry in reading.traits.values():
        sure[entry.because] = max(entry.confidence, sure.get(entry.because, 0.0))
    doubtful = [words for words, confidence in sure.items() if confidence < DOUBTFUL and others.get(words)]
    return [f"“{words}” could also be: {', '.join(option.said for option in others[words])}" for words in doubtful]


def show(options: Namespace, terminal: Terminal) -> bool:
    """Show what was asked for beside what the finished face shows of it."""
    from dreamface import folder, pipeline

    face = folder.load(folder_of(options.face))
    notes = []
    try:
        measured = pipeline.measure(face.head)
    except (BadRequest, MissingDependency) as error:  # made with a head model that is not, or no longer, here
        measured = dict(face.measured)
        notes.append(f"{'Measured when it was made' if measured else 'Nothing could be measured'}: {error}")
    seen = pipeline.look_at(face, measured)
    notes += [*pipeline.detail_remarks(face.record), *pipeline.moved_by_detail(face, measured, seen)]
    terminal.result(
        {
            "prompt": face.prompt,
            "seed": face.seed,
            "resolution": face.resolution,
            "head": face.head.model,
            "traits": face.traits.to_json(),
            "measured": measured,
            "seen": {name: {"value": one.value, "note": one.note} for name, one in seen.items()},
            "not_understood": list(face.record.not_understood),
            "edits": [edit.label or edit.id for edit in face.record.edits],
            "corrections": face.record.to_json().get("corrections", []),
            "alignment": face.record.to_json().get("alignment"),
            "notes": notes,
        }
    )
    edits = [edit.label or edit.id for edit in face.record.edits]
    asked = face.traits.asked()
    rows = table("", "trait", "asked for", "shows", "because of")
    for name, entry in asked.items():
        found = seen_in_words(VOCABULARY[name], seen[name].value, seen[name].note) if name in seen else ""
        rows.add_row(name, in_words(VOCABULARY[name], entry.value), found, _because(name, entry, face.record))
    drawn = len(face.traits) - len(asked)
    terminal.show(
        f"“{face.prompt}”, seed {face.seed}, {face.head.model} head, {face.resolution} pixel maps",
        rows,
        *([_seems(seen["age"].value, seen["gender"].value)] if "age" in seen and "gender" in seen else []),
        *_titled("Looked", [looked] if (looked := pipeline.alignment_note(face.record)) else []),
        *([f"The seed chose {drawn} more traits; --json lists them."] if drawn else []),
        *([f"Edits, from below: {', '.join(edits)}; `dreamface edit FACE --list` has more."] if edits else []),
        *_titled("Corrected", [_corrected(one) for one in face.record.corrections]),
        *ignored_words(face.record.not_understood),
        *notes,
    )
    return True


def _because(name: str, entry: TraitValue, record: FaceRecord) -> str:
    """Return the words behind a trait, and whether the artist has said what they mean."""
    own = any(one.words == entry.because and name in one.traits for one in record.corrections)
    return f"{entry.because}, corrected by you" if own else entry.because


def _corrected(correction: Correction) -> str:
    meant = ", ".join(in_words(VOCABULARY[name], entry.value) for name, entry in correction.traits.items())
    return f"“{correction.words}” means {meant or 'nothing here'}: corrected by you"


def _seems(age: Value | None, gender: Value | None) -> str:
    """Say how old, and of which sex, a face seems by its shape and skin."""
    assert isinstance(age, float) and isinstance(gender, float)
    sex = language.in_words("gender", gender)
    who = "an androgynous person" if sex == "androgynous" else f"a {sex}"
    return f"By shape and skin it seems to be {who} of about {age:.0f} years."


def export(options: Namespace, terminal: Terminal) -> bool:
    """Write one file for another program."""
    with terminal.progress() as progress:
        from dreamface import folder, pipeline

        source = folder_of(options.face)
        path = pipeline.export(
            folder.load(source),
            options.target,
            progress=progress,
            face_folder=source,
            level=min(options.lod, MOST_CARDS_LEVEL),
            rig=options.rig,
            detail=options.lod,
            visemes=options.visemes,
        )
        _note_again(source, path)
    terminal.result({"file": str(path)})
    terminal.show(f"Wrote {path}")
    return True


def _note_again(source: Path, path: Path) -> None:
    """Remember an export over one that the face has noted: it is as it was written, and nobody has worked in it."""
    from dreamface import folder

    if path.absolute().parent.resolve() == source.resolve() and path.name in folder.noted_exports(source):
        folder.note_exports(source, [path.name])


def rebuild(options: Namespace, terminal: Terminal) -> bool:
    """Make a face again from its document."""
    check_free(options.output)
    with terminal.progress() as progress:
        from dreamface import folder, pipeline

        source = folder_of(options.face)
        document, offset = folder.read_document(source), folder.read_offset(source)
        pictures = folder.read_pictures(source)
        notes = check_source(source, needs_geometry=offset is not None)
        with staging(options.output.absolute().parent) as stage:
            face = pipeline.rebuild(document, offset=offset, pictures=pictures, progress=progress.part(0.0, 0.7))
            name = slug(face.prompt)
            written = write(face, stage, options.output, name, wanted_formats(options), progress.part(0.7, 1.0))
    written.notes += notes + moved_elsewhere(written, options.output)
    terminal.result({"prompt": face.prompt, "seed": face.seed, "resolution": face.resolution, **written.to_json()})
    terminal.show(*what_was_written(written))
    return True


def check_source(source: Path, needs_geometry: bool) -> list[str]:
    """Sentences about files that are not as they were saved, though a face is made again without them.

    Raises:
        FolderError: the geometry, which has what was sculpted on the head, was changed.
    """
    from dreamface import folder

    changed = [found for found in folder.verify(source) if found.state == "changed"]
    for found in changed:
        if found.file == "geometry.npz" and needs_geometry:
            file = source / found.file
            raise FolderError(f"{file} {STATES['changed']}, and has what was sculpted on the head: restore it.")
    return [f"In {source}, {found.file} {STATES['changed']}." for found in changed]


def traits(options: Namespace, terminal: Terminal) -> bool:
    """List the vocabulary."""
    groups = [Group(options.group)] if options.group else list(Group)
    listed = [trait for trait in VOCABULARY.values() if trait.group in groups]
    terminal.result([trait.to_json() for trait in listed])
    for group in groups:
        rows = table(group.value, "trait", "takes", "what it is", "words for it")
        for trait in listed:
            if trait.group is group:
                rows.add_row(trait.name, _takes(trait), trait.description, _words_for(trait))
        terminal.show(rows)
    return True


def layers(options: Namespace, terminal: Terminal) -> bool:
    """List the layers of the skin, from below."""
    from dreamface import pipeline

    described = pipeline.LAYER_DESCRIPTIONS
    terminal.result([{"name": name, "description": description} for name, description in described.items()])
    rows = table("layers of the skin, from below", "layer", "what it is")
    for name, description in described.items():
        rows.add_row(name, description)
    terminal.show(rows)
    return True


def styles(options: Namespace, terminal: Terminal) -> bool:
    """List the hair styles by region, and files that can't be read."""
    from dreamface import pipeline

    listed = pipeline.styles().to_json()
    terminal.result(listed)
    for region in dict.fromkeys(style["region"] for style in listed["styles"]):
        rows = table(region, "style", "label", "what it is", "")
        for style in listed["styles"]:
            if style["region"] == region:
                rows.add_row(style["value"], style["label"], style["summary"], "your own" if style["own"] else "")
        terminal.show(rows)
    terminal.show(*(["There are no hair styles: install DreamFace again."] if not listed["styles"] else []))
    terminal.show(*listed["problems"])
    return True


def show_expressions(options: Namespace, terminal: Terminal) -> bool:
    """List the expressions that there are, with their weights."""
    terminal.result([entry.to_json() for entry in expressions()])
    rows = table("expressions, for --expression", "name", "what it looks like")
    for entry in expressions():
        rows.add_row(entry.words, entry.label)
    terminal.show(rows, "A name without a strength means the clear one.")
    return True


# ------------------------------------------------------------------------------------------------------------- pieces


def wanted_formats(options: Namespace) -> list[str]:
    """The files to write beside a face, without a .blend where nothing could write one: run.py has said so once."""
    unwanted = {"glb": options.no_glb, "blend": options.no_blend or not can_have_bpy()}
    return [suffix for suffix in unwanted if not unwanted[suffix]]


def moved_elsewhere(written: Written, asked: Path | None) -> list[str]:
    """A sentence where another run has taken the folder while the face was made."""
    if asked is None or written.folder == asked:
        return []
    return [f"Meanwhile something else was put into {asked}, so the face is in {written.folder}."]


def _what_was_read(asked: Traits, not_understood: tuple[str, ...]) -> list[str]:
    understood = summary(asked) or "nothing about the face; the seed chose it all"
    return [f"Read as   {understood}", *ignored_words(not_understood)]


def _titled(title: str, lines: Sequence[str]) -> list[str]:
    """Return lines below each other, the first behind a title."""
    return [f"{title if number == 0 else '':<10}{line}" for number, line in enumerate(lines)]


def ignored_words(words: Sequence[str]) -> list[str]:
    """Return a line with the words that nothing was made of, if there are any."""
    return [f"Ignored   {', '.join(words)}"] if words else []


def what_was_written(written: Written) -> list[str]:
    """Return a line for each thing that was written."""
    titles = {"glb": "GLB      ", "blend": "Blender  "}
    files = [f"{titles[suffix]} {path}" for suffix, path in written.files.items()]
    return [f"Preview   {written.folder / 'preview.png'}", *files, f"Folder    {written.folder}", *written.notes]


def _takes(trait: Trait) -> str:
    if trait.kind is Kind.CHOICE:
        return ", ".join((*trait.choices, *(("or any of `dreamface styles`",) if trait.open else ())))
    if trait.kind is Kind.NUMBER:
        unit = f" {trait.unit}" if trait.unit in ("sd", "years") else ""
        return f"{trait.low:g} to {trait.high:g}{unit}"
    return "#rrggbb or r,g,b" if trait.kind is Kind.COLOUR else "#rrggbb or r,g,b,strength"


def _words_for(trait: Trait) -> str:
    return " … ".join(phrases[0] for phrases in (trait.less, trait.more) if phrases)

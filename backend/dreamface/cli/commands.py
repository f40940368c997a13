"""The single commands. Each returns True when all was done; see `entry.Command`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from dreamface.cli.doctor import can_have_bpy
from dreamface.cli.faces import FACES, STATES, folder_of
from dreamface.cli.making import Written, check_can_be_folder, check_free, staging, write
from dreamface.cli.terminal import Terminal, table
from dreamface.cli.words import in_words, seen_in_words, settings, slug, summary
from dreamface.errors import BadRequest, FolderError, MissingDependency
from dreamface.expressions import expression, expressions
from dreamface.limits import MOST_CARDS_LEVEL
from dreamface.traits import VOCABULARY, Group, Kind, Trait, Traits, Value

_UNSURE = 0.25  # of the axis from woman to man: where a face is read as neither


def generate(options: Namespace, terminal: Terminal) -> bool:
    """Make a face, its folder and its exports."""
    prompt = " ".join(options.prompt)
    chosen = settings(options.set)
    worn = expression(options.expression) if options.expression else None
    if options.output is None:
        check_can_be_folder(FACES)
    else:
        check_free(options.output)
    with terminal.progress() as progress:
        from dreamface import pipeline

        pipeline.check_request(prompt, options.seed or 0, options.resolution, options.head)
        if worn is not None:
            chosen = {**worn.traits(pipeline.read(prompt).traits), **chosen}
        with staging(options.output.absolute().parent if options.output else FACES) as stage:
            face = pipeline.generate(
                prompt,
                seed=options.seed,
                resolution=options.resolution,
                head=options.head,
                traits=chosen or None,
                progress=progress.part(0.0, 0.7),
            )
            name = slug(face.prompt)
            folder = options.output or FACES / f"{name}-{face.seed}"
            written = write(face, stage, folder, name, wanted_formats(options), progress.part(0.7, 1.0))
    written.notes += moved_elsewhere(written, options.output)
    asked = face.traits.asked()
    terminal.result(
        {
            "prompt": face.prompt,
            "seed": face.seed,
            "resolution": face.resolution,
            "understood": asked.to_json(),
            "not_understood": list(face.record.not_understood),
            **written.to_json(),
        }
    )
    terminal.show(
        *_what_was_read(asked, face.record.not_understood), *what_was_written(written), f"Seed      {face.seed}"
    )
    return True


def read(options: Namespace, terminal: Terminal) -> bool:
    """Show how a prompt is understood."""
    from dreamface import pipeline

    reading = pipeline.read(" ".join(options.prompt))
    terminal.result(
        {"traits": reading.traits.to_json(), "not_understood": list(reading.not_understood), "note": reading.note}
    )
    if reading.language:
        terminal.show(reading.note)
        return False
    rows = table("", "trait", "value", "sure", "because of")
    for name, entry in reading.traits.items():
        rows.add_row(name, in_words(VOCABULARY[name], entry.value), f"{entry.confidence:.0%}", entry.because)
    terminal.show(rows if reading.traits else "Nothing in this prompt says how the face looks.")
    terminal.show(*_not_understood(reading.not_understood))
    return True


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
            "notes": notes,
        }
    )
    edits = [edit.label or edit.id for edit in face.record.edits]
    asked = face.traits.asked()
    rows = table("", "trait", "asked for", "shows", "because of")
    for name, entry in asked.items():
        found = seen_in_words(VOCABULARY[name], seen[name].value, seen[name].note) if name in seen else ""
        rows.add_row(name, in_words(VOCABULARY[name], entry.value), found, entry.because)
    drawn = len(face.traits) - len(asked)
    terminal.show(
        f"“{face.prompt}”, seed {face.seed}, {face.head.model} head, {face.resolution} pixel maps",
        rows,
        *([_seems(seen["age"].value, seen["gender"].value)] if "age" in seen and "gender" in seen else []),
        *([f"The seed chose {drawn} more traits; --json lists them."] if drawn else []),
        *([f"Edits, from below: {', '.join(edits)}; `dreamface edit FACE --list` has more."] if edits else []),
        *_not_understood(face.record.not_understood),
        *notes,
    )
    return True


def _seems(age: Value | None, gender: Value | None) -> str:
    """Say how old, and of which sex, a face seems by its shape and skin."""
    assert isinstance(age, float) and isinstance(gender, float)
    who = "neither clearly a man nor a woman" if abs(gender) < _UNSURE else "a man" if gender > 0.0 else "a woman"
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
    terminal.result({"file": str(path)})
    terminal.show(f"Wrote {path}")
    return True


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
    return [f"Read as   {understood}", *_not_understood(not_understood)]


def _not_understood(words: tuple[str, ...]) -> list[str]:
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

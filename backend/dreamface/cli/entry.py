"""What can be typed, and what becomes of errors."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from dreamface import __version__
from dreamface import batch as batching
from dreamface.bones import BONE_NAMES
from dreamface.cli import (
    animate,
    batch,
    chat,
    commands,
    doctor,
    edit,
    evaluate,
    faces,
    jobs,
    models,
    photographs,
    pins,
    serve,
    train,
    users,
    view,
)  # fmt: skip
from dreamface.cli import synthesise as synthesising
from dreamface.cli.terminal import Terminal, use_utf8
from dreamface.errors import Cancelled, DreamFaceError, NothingRead
from dreamface.limits import RANDOM, read_seed
from dreamface.traits import Group

DONE, FAILED, BUG, NOTHING_READ, STOPPED = 0, 1, 3, 4, 130
"""Exit codes; argparse itself exits with 2 where the command line is wrong."""

Command = Callable[[argparse.Namespace, Terminal], bool]
"""Does one command; False where some of the work could not be done, which has been said already."""

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What the commands' own command lines are added to."""

Group_: TypeAlias = "argparse._ArgumentGroup"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the words after `dreamface`; by default those this process was started with.

    Returns:
        The exit code; see `dreamface.cli`.
    """
    use_utf8(sys.stdout, sys.stderr)
    options = parser().parse_args(arguments)
    terminal = Terminal(as_json=options.json)
    try:
        return DONE if options.run(options, terminal) else FAILED
    except Cancelled as stop:
        terminal.fail(stop)
        return STOPPED
    except KeyboardInterrupt:
        terminal.fail(Cancelled())
        return STOPPED
    except NothingRead as error:
        terminal.fail(error)
        return NOTHING_READ
    except DreamFaceError as error:
        terminal.fail(error)
        return FAILED
    except BrokenPipeError:
        # The reader, such as `head`, has gone; without this Python would complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        terminal.bug(error)
        return BUG


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(
        prog="dreamface",
        description="Type a prompt, get a 3D head for production.",
        epilog="Exit codes: 0 done, 1 not possible (a sentence says why), 2 wrong command line, 3 a bug, 4 nothing of "
        "the prompt was read, 130 Ctrl-C.",
    )
    root.add_argument("--version", action="version", version=f"dreamface {__version__}")
    actions = root.add_subparsers(metavar="COMMAND", required=True)

    for add in (
        _add_generate, _add_from_photo, _add_refit, _add_read, _add_show, _add_edit, _add_chat, _add_export,
        _add_animate, _add_verify, _add_rebuild,
        _add_traits, _add_edits, _add_layers, _add_styles, _add_expressions, _add_doctor, _add_batch, _add_serve,
        _add_users, _add_jobs, _add_models, _add_faces, _add_view, _add_synthesise, _add_train, _add_evaluate,
    ):  # fmt: skip
        add(actions)
    return root


# ------------------------------------------------------------------------------------------------------- the commands


def _add_generate(actions: Commands) -> None:
    command = _command(actions, "generate", commands.generate, "Make a face from a prompt.")
    _add_prompt(command)
    command.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="default: faces/<words>-<seed>")
    command.add_argument(
        "--seed", type=_seed, metavar="SEED",
        help="0 to 4294967295: the same prompt and seed give the same face; -1 or random (default) throws the dice",
    )  # fmt: skip
    _add_making(command)
    command.add_argument(
        "--set", action="append", default=[], metavar="TRAIT=VALUE", help="such as nose.width=1.5; may be repeated"
    )
    _add_expression(command)
    _add_detail(command.add_argument_group("detail"))
    _add_formats(command)


def _add_from_photo(actions: Commands) -> None:
    summary = "Make a face from photographs of one person."
    command = _command(actions, "from-photo", photographs.run, summary)
    command.add_argument(
        "photographs", nargs="+", type=Path, metavar="PHOTO", help="JPEG, PNG, WebP, TIFF or HEIC; more show more"
    )
    command.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="default: faces/<first photo>-<seed>")
    command.add_argument(
        "--words", default="", metavar="WORDS", help='laid over what they show, such as "older, with a beard"'
    )
    command.add_argument(
        "--seed", type=_seed, metavar="SEED", help="what they do not show is drawn from it; default: throws the dice"
    )
    command.add_argument(
        "--resolution", type=int, default=1024, metavar="PIXELS", help="of the maps: 512, 1024 (default), 2048 or 4096"
    )
    command.add_argument("--head", default="auto", metavar="MODEL", help="head model: auto (default), anny or ict")
    command.add_argument("--tracker", choices=animate.TRACKERS, default="auto", help="default: the best that is here")
    command.add_argument(
        "--face-at", action="append", default=[], metavar="X,Y",
        help="of several faces the one there, in fractions of the photograph's width and height from its upper left "
        "corner; 2:X,Y in the second photograph; default: the largest",
    )  # fmt: skip
    command.add_argument(
        "--set", action="append", default=[], metavar="TRAIT=VALUE", help="such as nose.width=1.5; may be repeated"
    )
    _add_formats(command)


def _add_refit(actions: Commands) -> None:
    summary = "Move points of a face from photographs to where these show them; without any, list where they are."
    command = _command(actions, "refit", pins.run, summary)
    _add_face(command)
    command.add_argument(
        "pins", nargs="*", metavar="POINT=X,Y",
        help="fractions of the photograph's width and height from its upper left corner, such as nose.tip=0.5,0.42; "
        "2:chin=0.4,0.8 in the second photograph; chin=off takes a pin off",
    )  # fmt: skip
    command.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="a new folder; default: the face's own, once all is done"
    )
    _add_formats(command)


_DETAILS = ("quick", "fast-diffusion", "diffusion")  # `pipeline.DETAILS`, which is slow to import


def _add_detail(group: Group_) -> None:
    group.add_argument(
        "--detail", choices=_DETAILS, default="quick",
        help="diffusion: an installed diffusion model carves the shape and textures the skin after all the words; "
        "fast-diffusion: an installed texture model makes the skin at once",
    )  # fmt: skip
    group.add_argument(
        "--steps", type=int, metavar="N",
        help="of texturing, twice; half as many again of carving; default: 200, or 30 of fast-diffusion",
    )  # fmt: skip
    group.add_argument(
        "--guidance", type=float, metavar="S",
        help="how far it is led towards the words; default: 100, or 2 of fast-diffusion",
    )  # fmt: skip


def _add_expression(parser: argparse.ArgumentParser | Group_) -> None:
    parser.add_argument(
        "--expression", metavar="NAME", help='such as "joy" or "joy strong"; `dreamface expressions` lists them'
    )


def _add_read(actions: Commands) -> None:
    _add_prompt(_command(actions, "read", commands.read, "Show what a prompt is understood to mean."))


def _add_show(actions: Commands) -> None:
    summary = "Show what was asked for beside what is measured on the face."
    _add_face(_command(actions, "show", commands.show, summary))


def _add_edit(actions: Commands) -> None:
    summary = "Lay an edit on a face, in words or by a picture, or change its stack of edits."
    command = _command(actions, "edit", edit.run, summary)
    _add_face(command)
    command.add_argument("words", nargs="*", metavar="WORDS", help='what should be there, such as "a scar"')
    command.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="a new folder; default: the face's own, once all is done"
    )
    _add_what(command.add_argument_group("instead of words"))
    _add_where(command.add_argument_group("where"))
    how = command.add_argument_group("how")
    how.add_argument("--strength", type=float, metavar="0..2", help="default: 1, what it means to be")
    how.add_argument("--label", metavar="TEXT", help="what lists call it; default: the words")
    _add_diffusion(command.add_argument_group("by diffusion, where a model is installed"))
    _add_stack(command.add_argument_group("the stack, in which the lowest edit is number 1"))
    _add_formats(command)


def _add_chat(actions: Commands) -> None:
    summary = "Talk with a face: orders, steps through what was done, questions."
    command = _command(actions, "chat", chat.run, summary)
    _add_face(command)
    command.add_argument(
        "--say", action="append", default=[], metavar="WORDS",
        help="say this instead of reading lines from standard input; may be repeated",
    )  # fmt: skip
    command.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="a new folder; default: the face's own, after each change"
    )
    _add_formats(command)


def _add_what(group: Group_) -> None:
    group.add_argument(
        "--sketch", action="append", default=[], metavar="[TILE=]PNG",
        help="what was drawn on the head, in the layout of a texture tile; may be repeated for other tiles",
    )  # fmt: skip
    group.add_argument("--picture", type=Path, metavar="FILE", help="a picture to lay on the skin")
    group.add_argument(
        "--as", dest="as_", metavar="KIND",
        help="what a sketch becomes: ink, paint, scar, wrinkle, hair, metal, gem; or a picture: ink, paint, relief",
    )  # fmt: skip
    group.add_argument("--at", metavar="PLACE", help="middle of the picture: a region, or TILE:U,V")
    group.add_argument("--size", type=float, metavar="MM", help="of the picture's longer side; default: 40")
    group.add_argument("--angle", type=float, metavar="DEGREES", help="of the picture, counter-clockwise")
    group.add_argument("--mix", metavar="OTHER", help="mix another face in: its folder, or seed:5 for a stranger")
    group.add_argument(
        "--take", action="append", default=[], choices=("skin", "shape"), help="of the other face; default: skin"
    )
    group.add_argument("--degree", type=float, metavar="0..1", help="how far towards the other face; default: 0.5")
    group.add_argument("--copy-from", type=Path, metavar="OTHER", help="lay all edits of another face on this one")
    _add_expression(group)


def _add_where(group: Group_) -> None:
    group.add_argument("--mask", type=Path, metavar="PNG", help="grey, white where it lies, in the face tile's layout")
    group.add_argument(
        "--tile", action="append", default=[], metavar="TILE=PNG", help="a mask for another tile; may be repeated"
    )
    group.add_argument(
        "--region", action="append", default=[], metavar="NAME", help="such as left_cheek; may be repeated"
    )
    group.add_argument("--feather", type=float, metavar="MM", help="over which it fades out beyond its border")
    group.add_argument("--mirror", action="store_true", help="also on the other side of the face")
    group.add_argument("--invert", action="store_true", help="everywhere but there")


def _add_diffusion(group: Group_) -> None:
    group.add_argument(
        "--diffusion", action="store_true",
        help="a diffusion model makes what the words say, on the place; it may begin with --sketch or --picture",
    )  # fmt: skip
    group.add_argument("--steps", type=int, metavar="N", help="of diffusion; default: 30")
    group.add_argument("--guidance", type=float, metavar="G", help="how far it is led by the words; default: 7.5")
    group.add_argument(
        "--from-skin", type=float, metavar="0..1",
        help="how much of what is there is kept; default: 0, it begins with noise alone",
    )  # fmt: skip
    group.add_argument("--seed", type=int, metavar="N", help="of its noise; default: by the face and the words")


def _add_stack(group: Group_) -> None:
    group.add_argument("--list", action="store_true", help="show the edits that the face has")
    group.add_argument("--remove", action="append", default=[], metavar="N", help="take an edit off, by number or id")
    group.add_argument("--move", nargs=2, metavar=("N", "WHERE"), help="up, down, or to a number")
    group.add_argument("--hide", action="append", default=[], metavar="N", help="hide an edit; may be repeated")
    group.add_argument("--show", action="append", default=[], metavar="N", help="show it again; may be repeated")
    group.add_argument("--set-strength", nargs=2, metavar=("N", "0..2"), help="of an edit")


def _add_edits(actions: Commands) -> None:
    _command(actions, "edits", edit.words, "List every word that works in an edit, and the regions of the face.")


def _add_export(actions: Commands) -> None:
    command = _command(actions, "export", commands.export, "Write a face for another program.")
    _add_face(command)
    command.add_argument("target", type=Path, metavar="OUT", help="a file ending in .glb, .obj or .blend")
    _add_rig(command)
    command.add_argument(
        "--lod", type=int, choices=range(4), default=0, metavar="LEVEL",
        help="of detail: 0 is the whole head, 1 to 3 have a half, a quarter and a tenth of its triangles",
    )  # fmt: skip
    command.add_argument("--visemes", action="store_true", help="with the 15 visemes of lip sync as blend shapes")


def _add_rig(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--rig", choices=BONE_NAMES, metavar="NAMES", help="with bones that have the names of: %(choices)s"
    )


def _add_animate(actions: Commands) -> None:
    summary = "Have a face do what somebody does in a video, or in a take that was recorded."
    command = _command(actions, "animate", animate.run, summary)
    command.add_argument(
        "face", nargs="?", type=Path, metavar="FACE", help="a face's folder; a .csv or .npz needs none"
    )
    command.add_argument(
        "source", type=Path, metavar="SOURCE",
        help="a video, a folder of pictures, a CSV file of Live Link Face, or a take (.npz)",
    )  # fmt: skip
    command.add_argument(
        "-o", "--output", type=Path, metavar="OUT", required=True,
        help="a take: .csv (Live Link Face) or .npz; or the face that performs it: .glb or .blend",
    )  # fmt: skip
    _add_rig(command)
    command.add_argument("--tracker", choices=animate.TRACKERS, default="auto", help="default: the best that is here")
    command.add_argument(
        "--face", dest="which", type=int, metavar="N", help="which of several, from 0 at the left; default: the largest"
    )
    for name, what in (("start", "where to begin"), ("end", "where to end"), ("neutral", "when the face is at rest")):
        command.add_argument(f"--{name}", type=float, metavar="SECONDS", help=f"{what}, from the source's beginning")
    command.add_argument("--mirror", action="store_true", help="exchange left and right")
    command.add_argument(
        "--smoothing",
        type=float,
        metavar="0..1",
        help="default: 0.5 for pictures, 0 for takes, which have been smoothed",
    )
    command.add_argument(
        "--gain", action="append", default=[], metavar="REGION=FACTOR",
        help="such as mouth=1.2; also brows, eyes, jaw, cheeks, head, gaze, or one of ARKit's shapes; may be repeated",
    )  # fmt: skip
    command.add_argument("--rate", type=float, metavar="FPS", help="moments a second; default: the source's own")


def _add_verify(actions: Commands) -> None:
    summary = "Check that a face's files are as they were saved."
    _add_face(_command(actions, "verify", faces.verify, summary))


def _add_rebuild(actions: Commands) -> None:
    command = _command(actions, "rebuild", commands.rebuild, "Make a face again from its face.json alone.")
    _add_face(command)
    command.add_argument("-o", "--output", type=Path, metavar="OUT", required=True, help="the new folder")
    _add_formats(command)


def _add_traits(actions: Commands) -> None:
    command = _command(actions, "traits", commands.traits, "List what a face can be told to be.")
    groups = [group.value for group in Group]
    command.add_argument("group", nargs="?", choices=groups, metavar="GROUP", help="%(choices)s")


def _add_layers(actions: Commands) -> None:
    _command(actions, "layers", commands.layers, "List the layers that a face's skin is made of.")


def _add_styles(actions: Commands) -> None:
    _command(actions, "styles", commands.styles, "List the hair styles that there are, also those of your own.")


def _add_expressions(actions: Commands) -> None:
    summary = "List the expressions that a face can be given by name, each in three strengths."
    _command(actions, "expressions", commands.show_expressions, summary)


def _add_doctor(actions: Commands) -> None:
    summary = "Check that everything DreamFace needs is here, and say what to do where it isn't."
    _command(actions, "doctor", doctor.run, summary)


def _add_batch(actions: Commands) -> None:
    summary = "Make a face for every row of a table; run it again to go on where it stopped."
    command = _command(actions, "batch", batch.run, summary)
    command.add_argument(
        "table", type=Path, metavar="PROMPTS.csv", help="columns: prompt, and if you like name, seed, resolution"
    )
    command.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="gets one folder a row; or a URL, such as s3://bucket/cast"
    )
    _add_making(command)
    command.add_argument("--glb", action="store_true", help="also write a .glb of each")
    command.add_argument("--blend", action="store_true", help="also write a .blend of each")
    command.add_argument(
        "--processes", type=int, metavar="N", help="that work side by side; default: one for each processor"
    )
    command.add_argument(
        "--ray", metavar="ADDRESS",
        help="make them on a Ray cluster: auto, the one of this machine; local, a new one; or ray://host:10001",
    )  # fmt: skip
    command.add_argument(
        "--only", choices=batching.ONLY,
        help="a quick look instead of whole faces: NAME.glb with the blend shapes, NAME.jpg, or NAME.maps",
    )  # fmt: skip
    command.add_argument("--no-page", action="store_true", help="no index.html and no contact sheets of all faces")


def _add_serve(actions: Commands) -> None:
    summary = "Run the backend that Blender's sidebar talks to."
    command = _command(actions, "serve", serve.run, summary)
    _add_store(command)
    where = command.add_mutually_exclusive_group()
    where.add_argument("--listen", metavar="HOST:PORT", help="default: this machine only, any free port")
    where.add_argument("--host", metavar="HOST", help=f"the same with port {serve.PORT}; 0.0.0.0: the whole network")
    command.add_argument(
        "--tls", action="store_true",
        help="encrypt, with a certificate and a token of its own; says the line that artists paste in Blender",
    )  # fmt: skip
    command.add_argument(
        "--token-file", type=Path, metavar="FILE", help=f"holds the token; or set {serve.TOKEN_VARIABLE}"
    )
    command.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name it may be asked by; may be repeated; with --tls any",
    )
    command.add_argument("--handover", type=Path, metavar="FILE", help="default: backend.json in the store")
    command.add_argument("--until-stdin-closes", action="store_true", help="end when standard input does")
    command.add_argument(
        "--keep-variations", action="store_true", help="keep variations that nobody picks for longer than a week"
    )


def _add_users(actions: Commands) -> None:
    summary = "Who shares the service on this machine: list, add or remove people with tokens and queues of their own."
    command = _command(actions, "users", users.run, summary)
    command.add_argument("action", nargs="?", choices=users.ACTIONS, default="list")
    command.add_argument("name", nargs="?", metavar="NAME", help="of the person")
    _add_store(command)
    command.add_argument("--waiting", type=int, metavar="N", help="jobs that may wait at a time; default: 50")
    command.add_argument("--disk", type=float, metavar="GB", help="that their faces may take; default: 20")


def _add_jobs(actions: Commands) -> None:
    command = _command(actions, "jobs", jobs.run, "List the backend's jobs, follow one or stop one.")
    command.add_argument("action", nargs="?", choices=("list", "follow", "cancel"), default="list")
    command.add_argument("id", nargs="?", metavar="ID", help="of the job, or how it begins")
    _add_store(command)


def _add_models(actions: Commands) -> None:
    command = _command(actions, "models", models.run, "List the models, install one, choose it, check it or remove it.")
    command.add_argument("action", nargs="?", choices=models.ACTIONS, default="list")
    command.add_argument("name", nargs="?", metavar="NAME", help="of the model, such as ict-facekit")
    looked = command.add_argument_group("index: have CLIP look at candidates of the production head, for --align")
    looked.add_argument("--count", type=int, metavar="N", help="candidates; default: a million on a GPU, else 16,384")
    looked.add_argument("--yes", action="store_true", help="begin; without it only the time that it takes is said")
    command.add_argument(
        "--from", dest="source", type=Path, metavar="PATH",
        help="install from a file or archive that was downloaded already, or from a folder it was unpacked into; under "
        "a new NAME a checkpoint of your own",
    )  # fmt: skip


def _add_faces(actions: Commands) -> None:
    command = _command(actions, "faces", faces.run, "List the faces that there are, or remove some.")
    command.add_argument(
        "places", nargs="*", type=Path, metavar="DIR",
        help="folders with faces in them; default: the backend's, and faces in the current folder",
    )  # fmt: skip
    _add_store(command)
    what = command.add_mutually_exclusive_group()
    what.add_argument("--remove", action="append", metavar="NAME", help="delete a face; may be repeated")
    what.add_argument("--sweep", action="store_true", help="delete variations that nobody has picked for a week")
    command.add_argument("--yes", action="store_true", help="do not ask")


def _add_view(actions: Commands) -> None:
    summary = "Turn a head in the browser, with its blend shapes on sliders; needs no network."
    command = _command(actions, "view", view.run, summary)
    command.add_argument("face", type=Path, metavar="FACE", help="a face's folder, or a folder with faces in it")
    command.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="keeps the page; default: a new temporary folder"
    )
    command.add_argument("--no-open", action="store_true", help="do not open the browser, only say where the page is")


def _add_synthesise(actions: Commands) -> None:
    summary = "Make up people to train models on: captions, maps, masks, pictures, labels; run it again to go on."
    command = _command(actions, "synthesise", synthesising.run, summary)
    command.add_argument("output", type=Path, metavar="OUT", help="a folder that gets shards (tar) and an index")
    command.add_argument("--count", type=int, required=True, metavar="N", help="how many people")
    command.add_argument(
        "--resolution", type=int, default=512, metavar="PIXELS",
        help="of maps and pictures: 128, 256, 512 (default), 1024 or 2048",
    )  # fmt: skip
    command.add_argument("--pictures", type=int, default=2, metavar="N", help="of each person's head; default: 2")
    command.add_argument(
        "--labels", default="none", metavar="WHICH",
        help="of pictures: all, none (default), or some of landmarks,segmentation,normals,depth,uv; with any, pictures "
        "have hair, expressions and random light, which takes several times as long",
    )  # fmt: skip
    command.add_argument("--head", default="anny", metavar="MODEL", help="whose UV layout: anny (default) or ict")
    command.add_argument("--processes", type=int, metavar="N", help="side by side; default: one for each processor")


def _add_train(actions: Commands) -> None:
    summary = "Train a texture model, or decoders of its other maps, which detail by diffusion uses once installed."
    command = _command(actions, "train", train.run, summary)
    command.add_argument("kind", choices=train.KINDS, metavar="KIND", help="%(choices)s")
    command.add_argument(
        "--data", type=Path, nargs="+", required=True, metavar="DIR",
        help="folders that `dreamface synthesise` has made, or of scans with a scans.csv: file, caption, domain",
    )  # fmt: skip
    _add_base(command)
    command.add_argument("-o", "--output", type=Path, metavar="OUT", required=True, help="the model's folder")
    command.add_argument("--steps", type=int, metavar="N", help="default: 20000 of a texture model, 10000 of decoders")
    command.add_argument("--batch", type=int, metavar="N", help="examples a step on each GPU; default: 8, or 4")
    command.add_argument("--rate", type=float, metavar="R", help="of learning; default: 1e-5, or 1e-4 with LoRA")
    command.add_argument("--lora", type=int, metavar="RANK", help="train few numbers of this rank instead of all")
    command.add_argument("--no-mask", action="store_true", help="without the mask of what is no face, to compare")
    command.add_argument("--no-prompts", action="store_true", help="without the learned domain prompts, to compare")
    command.add_argument("--save-every", type=int, metavar="N", help="steps between two states; default: 500")
    command.add_argument("--seed", type=int, metavar="N", help="of what is drawn; default: 0")


def _add_evaluate(actions: Commands) -> None:
    summary = "Measure a texture model (KID), or faces of prompts (CLIP score, R-precision, agreement of views)."
    command = _command(actions, "evaluate", evaluate.run, summary)
    command.add_argument("kind", choices=evaluate.KINDS, metavar="KIND", help="%(choices)s")
    command.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="PATH",
        help="prompts, one a line; or a model's folder",
    )
    command.add_argument("--data", type=Path, nargs="+", metavar="DIR", help="textures to compare with")
    command.add_argument("--without-prompts", type=Path, metavar="DIR", help="a model trained with --no-prompts")
    command.add_argument("--without-both", type=Path, metavar="DIR", help="one trained with --no-prompts --no-mask")
    _add_base(command)
    command.add_argument("--count", type=int, default=500, metavar="N", help="of textures; default: 500")
    command.add_argument("--resolution", type=int, default=1024, metavar="PIXELS", help="of the faces' maps")
    command.add_argument(
        "--detail", choices=_DETAILS, default="quick", metavar="DETAIL",
        help="what makes the detail of the prompts' faces: quick (default), fast-diffusion or diffusion",
    )  # fmt: skip
    command.add_argument("--seed", type=int, default=0, metavar="N", help="of what is drawn; default: 0")


# ------------------------------------------------------------------------------------------------------------- pieces


def _seed(text: str) -> int | None:
    try:
        return read_seed(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number nor the word {RANDOM}") from None


def _add_store(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--store", type=Path, metavar="DIR", help="its jobs and faces; default: the user's data folder"
    )


def _command(actions: Commands, name: str, run: Command, summary: str) -> argparse.ArgumentParser:
    added = actions.add_parser(name, help=summary, description=summary)
    added.set_defaults(run=run)
    added.add_argument("--json", action="store_true", help="result as JSON on stdout, progress as JSON on stderr")
    return added


def _add_prompt(command: argparse.ArgumentParser) -> None:
    command.add_argument("prompt", nargs="+", metavar="PROMPT", help="the face in words, with or without quotes")


def _add_base(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--base", metavar="MODEL", help="a diffusion model that is installed, or its folder; default: the chosen one"
    )


def _add_face(command: argparse.ArgumentParser) -> None:
    command.add_argument("face", type=Path, metavar="FACE", help="a face's folder")


def _add_making(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--resolution", type=int, default=1024, metavar="PIXELS", help="of the maps: 512, 1024 (default), 2048 or 4096"
    )
    command.add_argument("--head", default="auto", metavar="MODEL", help="head model: auto (default), anny or ict")
    command.add_argument(
        "--anyway", action="store_true", help="make someone also where nothing of the prompt is read, as of German"
    )
    command.add_argument(
        "--align", type=float, default=0.0, metavar="0..1",
        help="look at portraits, and move what the words leave open so that they fit better: how far; default: 0, not "
        "at all; needs the model clip-vit-l-14",
    )  # fmt: skip


def _add_formats(command: argparse.ArgumentParser) -> None:
    command.add_argument("--no-glb", action="store_true", help="write no .glb")
    command.add_argument("--no-blend", action="store_true", help="write no .blend")

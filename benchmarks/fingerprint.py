"""Hashes of twelve people on every head: shows whether a change of the code has changed what artists get.

    python benchmarks/fingerprint.py before.json              # with the code as it was
    python benchmarks/fingerprint.py after.json before.json   # with the changed code: lists what differs, exit code 1

Meshes, shapes, maps, materials, traits, pictures, edits, rebuilt faces, the files of the face folder, GLB, OBJ, and the
scene that Blender makes of it (where bpy is installed). ICT-FaceKit takes part where it is installed. Hashes hold for
one machine and one version of torch only: compare what one machine has made.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dreamface.face import Face

ROOT = Path(__file__).resolve().parents[1]

PEOPLE: tuple[tuple[str, dict[str, Any], dict[str, float]], ...] = (
    ("a young woman with freckles and green eyes", {"lipstick": (0.5, 0.02, 0.05, 0.8)}, {"freckles": 0.5}),
    ("an old fisherman with a hooked nose and a grey beard", {"age": 52.0}, {"brows": 0.3, "beard": 0.6}),
    ("a very dark-skinned man with a shaved head and a scar", {"skin.melanin": 0.5}, {"scars": 0.4}),
    ("a pale red-haired girl of nine with big ears", {"ears.size": -1.0, "skin.redness": 1.0}, {"veins": 0.0}),
    ("a plump East Asian grandmother with age spots", {"nose.width": 1.2}, {"cheeks_wrinkles": 0.4}),
    ("a tired man with dark circles, stubble and moles", {"jaw.width": 1.5}, {"stubble": 0.0}),
    ("an elf queen with pointed ears, blue eyeshadow and red lipstick", {"eyes.spacing": 1.0}, {"eyeshadow": 0.5}),
    ("a blue alien with stripes and golden eyes", {"skin.stripes": (0.8, 0.3, 0.1, 0.9)}, {"stripes": 0.7}),
    ("a lizard man with green scales", {"skin.melanin": 0.9}, {"scales": 0.5}),
    ("a smiling woman with vitiligo and heterochromia", {"expression.jawOpen": 0.5}, {"vitiligo": 0.0}),
    ("a robot with golden metal skin", {"age": 70.0}, {"metal": 0.5}),
    ("an elderly Indian man with a big moustache, a bald head and blemishes", {"mouth.width": -1.0}, {"pores": 0.2}),
)
"""Prompt, an edit of traits, and an edit of layers."""

RESOLUTION = 512
IN_BLENDER = 2  # of the people are imported, and made at 2048


def main() -> int:
    """Write the hashes, and compare them where an older file is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=Path, help="JSON file to write")
    parser.add_argument("before", type=Path, nargs="?", help="JSON file to compare with")
    parser.add_argument("--head", action="append", help="head models; all that are installed unless given")
    arguments = parser.parse_args()
    hashes = {
        f"{head}/{number:02d}/{what}": value
        for head in arguments.head or installed_heads()
        for number in range(len(PEOPLE))
        for what, value in person(number, head)
    }
    arguments.result.write_text(json.dumps(hashes, indent=1, sort_keys=True))
    if arguments.before is None:
        print(f"{len(hashes)} hashes in {arguments.result}")
        return 0
    before = json.loads(arguments.before.read_text())
    different = sorted(name for name in before.keys() | hashes.keys() if before.get(name) != hashes.get(name))
    print("\n".join(different) or f"All {len(hashes)} hashes are equal.")
    return 1 if different else 0


def installed_heads() -> list[str]:
    """Names of the head models that can be used here."""
    from dreamface.models import HEADS

    return [head.name for head in HEADS if head.installed]


def person(number: int, head: str) -> Iterator[tuple[str, str]]:
    """What is hashed of one person, and its hash."""
    from dreamface import folder, pipeline

    prompt, traits, layers = PEOPLE[number]
    print(f"{head}: {prompt}", file=sys.stderr, flush=True)
    face = pipeline.generate(prompt, seed=number, resolution=RESOLUTION, head=head, face_id=f"face-{number}")
    yield from named("made", of_face(face))
    edited = pipeline.edit(face, traits, layers=layers)
    yield from named("edited", of_face(edited))
    yield "reshaped", digest(array(pipeline.reshape(face, {"nose.width": 2.0, "age": 33.0}).vertices))
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "face"
        folder.save(edited, place)
        yield from named("folder", of_files(place, leave_out=("face.json",)))
        yield from named("rebuilt", of_face(pipeline.rebuild(folder.read_document(place))))
        for suffix in ("glb", "obj"):
            target = Path(scratch) / suffix / f"face.{suffix}"
            target.parent.mkdir()
            pipeline.export(edited, target)
            yield from named(suffix, of_files(target.parent))
        if number < IN_BLENDER:
            yield from named("blender", of_scene(place))
            large = pipeline.generate(prompt, seed=number, resolution=2048, head=head, face_id=f"face-{number}")
            yield from named("large", of_face(large))


def named(prefix: str, items: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The items under a common prefix."""
    return ((f"{prefix}/{name}", value) for name, value in items)


def of_face(face: Face) -> Iterator[tuple[str, str]]:
    """Everything that a face holds in memory."""
    yield "vertices", digest(array(face.head.vertices))
    yield "shapes", digest(array(face.shapes))
    yield "preview", digest(array(face.preview))
    yield "identity", of_data(dict(face.head.identity))
    yield "traits", of_data(face.traits.to_json())
    yield "materials", digest(repr(sorted(face.materials.items())).encode())
    yield "measured", of_data(dict(face.measured))
    for tile, channels in face.maps.items():
        for channel, image in channels.items():
            yield f"{tile}.{channel}", digest(array(image))


def of_files(place: Path, leave_out: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every file below a folder."""
    for file in sorted(path for path in place.rglob("*") if path.is_file() and path.name not in leave_out):
        yield file.relative_to(place).as_posix(), digest(file.read_bytes())


def of_scene(place: Path) -> Iterator[tuple[str, str]]:
    """What Blender holds of a face: meshes, shape keys, properties, materials."""
    try:
        import bpy
    except ImportError:
        return
    sys.path.insert(0, str(ROOT))
    from dreamface_addon import scene

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene.import_face(place)
    for thing in sorted(bpy.data.objects, key=lambda thing: thing.name):
        yield f"{thing.name}/object", of_data([thing.type, [list(row) for row in thing.matrix_world]])
        if thing.type == "MESH":
            yield f"{thing.name}/mesh", digest(flat(thing.data.vertices, "co", 3))
            yield f"{thing.name}/uv", digest(b"".join(flat(layer.uv, "vector", 2) for layer in thing.data.uv_layers))
            keys = thing.data.shape_keys.key_blocks if thing.data.shape_keys else ()
            yield f"{thing.name}/keys", digest(b"".join(key.name.encode() + flat(key.data, "co", 3) for key in keys))
    for material in sorted(bpy.data.materials, key=lambda material: material.name):
        nodes = [
            (node.bl_idname, node.name, [_plain(getattr(socket, "default_value", None)) for socket in node.inputs])
            for node in material.node_tree.nodes
        ]
        links = [(link.from_node.name, link.from_socket.name, link.to_node.name, link.to_socket.name)
                 for link in material.node_tree.links]  # fmt: skip
        yield f"{material.name}/material", of_data([nodes, links])


def flat(collection: Any, attribute: str, width: int) -> bytes:
    """Bytes of one attribute of every element of a Blender collection."""
    import numpy as np

    values = np.empty(len(collection) * width, np.float32)
    collection.foreach_get(attribute, values)
    return values.tobytes()


def _plain(value: Any) -> Any:
    return list(value) if hasattr(value, "__len__") and not isinstance(value, str) else value


def array(tensor: Any) -> bytes:
    """A tensor's shape, type and bytes."""
    values = tensor.numpy()
    return repr((values.shape, values.dtype.str)).encode() + values.tobytes()


def of_data(data: list[Any] | Mapping[str, Any]) -> str:
    """Hash of plain data."""
    return digest(json.dumps(data, sort_keys=True, default=str).encode())


def digest(data: bytes) -> str:
    """A short hash: 64 bits are plenty to tell two versions of a file apart."""
    return hashlib.sha256(data).hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())

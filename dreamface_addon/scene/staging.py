"""The scene as an exporter should find it, for as long as it takes; afterwards it is as it was, whatever went wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .colours import from_scene
from .errors import SceneError
from .nodes import CYCLES_OUTPUT, LID_SHADE, MIX_INPUTS, NO_SHADOW, SURFACE, TINT
from .solid import SHADE, without_shades
from .surface import HAIR_MAP
from .wrinkles import COLOUR, NORMAL


@contextmanager
def object_mode() -> Iterator[None]:
    """Object Mode, and the same frame again afterwards."""
    scene, active = bpy.context.scene, bpy.context.view_layer.objects.active
    mode = active.mode if active else "OBJECT"
    frame = scene.frame_current, scene.frame_subframe
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    try:
        yield
    finally:
        if (scene.frame_current, scene.frame_subframe) != frame:
            scene.frame_set(frame[0], subframe=frame[1])
        if mode != "OBJECT":
            bpy.ops.object.mode_set(mode=mode)


@contextmanager
def only_frames(frames: tuple[int, int] | None) -> Iterator[None]:
    """A scene that is as long as from the first to the last of some frames; with None, that is only the one shown."""
    scene = bpy.context.scene
    before = scene.frame_start, scene.frame_end, scene.use_preview_range
    scene.use_preview_range = False
    _set_frames(scene, frames or (scene.frame_current, scene.frame_current))
    try:
        yield
    finally:
        _set_frames(scene, before[:2])
        scene.use_preview_range = before[2]


def _set_frames(scene: bpy.types.Scene, frames: tuple[int, int]) -> None:
    """Set the scene's first and last frame; each of them pushes the other along."""
    scene.frame_start, scene.frame_end = frames
    scene.frame_start = frames[0]


@contextmanager
def only_selected(objects: list[bpy.types.Object]) -> Iterator[None]:
    """`objects` and nothing else selected, the first of them active, all of them visible, whatever hides them."""
    view_layer = bpy.context.view_layer
    active, selected = view_layer.objects.active, list(view_layer.objects.selected)
    shown = bpy.data.collections.new("DreamFace export")  # in no hidden, excluded or other scene's collection
    bpy.context.scene.collection.children.link(shown)
    for object_ in objects:
        shown.objects.link(object_)
    hidden = [(object_, object_.hide_get(), object_.hide_viewport, object_.hide_select) for object_ in objects]
    try:
        for object_ in selected:
            object_.select_set(False)
        for object_ in objects:
            object_.hide_viewport = object_.hide_select = False
            object_.hide_set(False)
            object_.select_set(True)
        view_layer.objects.active = objects[0]
        with bpy.context.temp_override(selected_objects=objects, active_object=objects[0], object=objects[0]):
            yield
    finally:
        for object_, hide, hide_viewport, hide_select in hidden:
            object_.select_set(False)
            object_.hide_set(hide)
            object_.hide_viewport, object_.hide_select = hide_viewport, hide_select
        bpy.data.collections.remove(shown)
        for object_ in selected:
            object_.select_set(True)
        view_layer.objects.active = active


@contextmanager
def only_properties(objects: list[bpy.types.Object], public: tuple[str, ...]) -> Iterator[None]:
    """Take off our custom properties but `public`, because the others tell of Blender and of folders; put them back."""
    held = []
    datas = dict.fromkeys(object_.data for object_ in objects)
    for owner in (*objects, *datas, *materials_of(objects), *bpy.data.actions):
        for name, value in list(owner.items()):
            if not name.startswith("dreamface") or name in public or not owner.is_editable:
                continue
            held.append((owner, name, _copied(value)))
            del owner[name]
    try:
        yield
    finally:
        for owner, name, value in held:
            owner[name] = value


def _copied(value: Any) -> Any:
    """The value of a custom property as Python's own, which outlives the property: arrays, and groups such as ours."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    return value.to_list() if hasattr(value, "to_list") else value


@contextmanager
def without_hair_map(skin: bpy.types.Object) -> Iterator[None]:
    """A skin without the UV map by which hair finds its roots: other software would take it for one of textures.

    The skin wears a copy of its mesh meanwhile: a map that is taken off comes back as the last, without pins.
    """
    mesh = skin.data
    if HAIR_MAP not in mesh.uv_layers or not (skin.is_editable and mesh.is_editable):
        yield
        return
    name, copy = mesh.name, mesh.copy()
    try:
        mesh.name = f"{name[:_NAME_LENGTH]} in the scene"
        copy.name = name
        copy.uv_layers.remove(copy.uv_layers[HAIR_MAP])
        skin.data = copy
        yield
    finally:
        skin.data = mesh
        bpy.data.meshes.remove(copy)
        mesh.name = name


_NAME_LENGTH = 40  # letters of a mesh's name in that of the one that waits, which may be 63 bytes long


@contextmanager
def unposed(skin: bpy.types.Object, but: Sequence[bpy.types.Object] = ()) -> Iterator[None]:
    """A skin as USD's exporter writes it: with its shape keys, and with nothing that modifiers and rigs do to it.

    Its hair would be where they put it, beside the head.

    Args:
        skin: the face's.
        but: armatures whose bones the file has.
    """
    with ExitStack() as undo:
        for modifier in skin.modifiers:
            if modifier.type == "ARMATURE" and modifier.object in but:
                continue
            if modifier.type == "ARMATURE" and modifier.object is not None:
                _set(modifier.object.data, "pose_position", "REST", undo)  # for what hangs on its bones
            _set(modifier, "show_viewport", False, undo)
            _set(modifier, "show_render", False, undo)
        yield


@contextmanager
def whole_materials(objects: list[bpy.types.Object]) -> Iterator[None]:
    """No copies of materials that are for Solid view only: their faces wear the material itself."""
    with ExitStack() as undo:
        for mesh in dict.fromkeys(object_.data for object_ in objects):
            if any(material is not None and SHADE in material for material in mesh.materials) and mesh.is_editable:
                _make_whole(mesh, undo)
        yield


def _make_whole(mesh: bpy.types.Mesh, undo: ExitStack) -> None:
    materials = list(mesh.materials)
    before, after = np.empty(len(mesh.polygons), np.int32), without_shades(mesh)
    mesh.polygons.foreach_get("material_index", before)
    undo.callback(_wear, mesh, materials, before)
    own = next(material for material in materials if material is not None and SHADE not in material)
    _wear(mesh, [own if material and SHADE in material else material for material in materials], after)


def _wear(mesh: bpy.types.Mesh, materials: list[bpy.types.Material | None], slots: NDArray[np.int32]) -> None:
    for index, material in enumerate(materials):
        mesh.materials[index] = material
    mesh.polygons.foreach_set("material_index", slots)
    mesh.update()


@contextmanager
def plain_materials(objects: list[bpy.types.Object]) -> Iterator[None]:
    """Materials as exporters understand them.

    One output, colours of Rec. 709, and clear surfaces that are nearly transparent where transmission is not known: an
    alpha of one would hide the iris behind a white cornea.
    """
    with ExitStack() as undo:
        for material in materials_of(objects):
            if material.node_tree and material.is_editable:
                _make_plain(material.node_tree, undo)
        yield


def _make_plain(tree: bpy.types.NodeTree, undo: ExitStack) -> None:
    node, output, shader = (tree.nodes.get(name) for name in (NO_SHADOW, CYCLES_OUTPUT, SURFACE))
    for link in list(node.outputs[0].links) if node else ():
        undo.callback(tree.links.new, link.from_socket, link.to_socket)
        tree.links.remove(link)
    shade = tree.nodes.get(LID_SHADE)
    for link in list(shade.outputs[0].links) if shade and shade.inputs[2].is_linked else ():
        undo.callback(tree.links.new, link.from_socket, link.to_socket)
        tree.links.new(shade.inputs[2].links[0].from_socket, link.to_socket)
    for name in (NORMAL, COLOUR):  # exporters look for the picture itself
        laid = tree.nodes.get(name)
        for link in list(laid.outputs[0].links) if laid and laid.inputs[2].is_linked else ():
            undo.callback(tree.links.new, link.from_socket, link.to_socket)
            tree.links.new(laid.inputs[2].links[0].from_socket, link.to_socket)
    if output is not None:
        _set(output, "target", "ALL", undo)  # glTF's exporter looks at no other from Blender 5 on
    if shader is not None and shader.type == "BSDF_PRINCIPLED":
        alpha, colour = shader.inputs["Alpha"], shader.inputs["Base Color"]
        _set(colour, "default_value", _of_files(colour.default_value), undo)
        _set(alpha, "default_value", min(alpha.default_value, 1.0 - _SEEN_THROUGH * _transmission(shader)), undo)
    if TINT in tree.nodes:
        tint = tree.nodes[TINT].inputs[MIX_INPUTS[2]]
        _set(tint, "default_value", _of_files(tint.default_value), undo)


_SEEN_THROUGH = 0.9
"""How much of what lies behind a wholly transmissive surface is seen where only its alpha counts; as in OBJ files."""


def _transmission(shader: bpy.types.Node) -> float:
    """How much light a shader lets through; none where a map says it."""
    socket = shader.inputs["Transmission Weight"]
    return 0.0 if socket.is_linked else float(socket.default_value)


def _of_files(colour: bpy.types.bpy_prop_array) -> tuple[float, ...]:
    return (*from_scene(colour[:3]), colour[3])


def _set(owner: bpy.types.bpy_struct, name: str, value: Any, undo: ExitStack) -> None:
    """Set a property, and have `undo` set it back."""
    before = getattr(owner, name)
    undo.callback(setattr, owner, name, tuple(before) if hasattr(before, "foreach_get") else before)
    setattr(owner, name, value)


@contextmanager
def copied_textures(objects: list[bpy.types.Object], folder: Path) -> Iterator[None]:
    """The objects' textures as files in `folder`, and the images pointing there.

    Raises:
        SceneError: a texture is missing.
        OSError: one could not be written.
    """
    paths: dict[bpy.types.Image, str] = {}
    folder.mkdir()
    try:
        for image in _images(objects):
            copy = folder / _file_name(image)
            _save(image, copy)
            paths[image] = image.filepath_raw
            image.filepath_raw = str(copy)
        yield
    finally:
        for image, path in paths.items():
            image.filepath_raw = path


def _save(image: bpy.types.Image, file: Path) -> None:
    """Write an image as it is in Blender: as a file on disk, packed, or painted on and not saved."""
    if image.is_dirty or image.source == "GENERATED":
        _save_pixels(image, file)
    elif image.packed_file:
        file.write_bytes(image.packed_file.data)
    else:
        source = Path(bpy.path.abspath(image.filepath, library=image.library))
        if not source.is_file():
            raise SceneError(f"The texture {source} is missing: put it back, or generate the face again.")
        shutil.copyfile(source, file)


def _save_pixels(image: bpy.types.Image, file: Path) -> None:
    """Write an image's pixels, and leave it as it is: saving it itself would make `file` its own."""
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    copy = bpy.data.images.new(image.name, *image.size, alpha=image.channels == 4, float_buffer=image.is_float)
    try:
        copy.colorspace_settings.name = image.colorspace_settings.name
        copy.file_format = image.file_format
        copy.pixels.foreach_set(pixels)
        copy.filepath_raw = str(file)
        copy.save()
    finally:
        bpy.data.images.remove(copy)


def _file_name(image: bpy.types.Image) -> str:
    return bpy.path.clean_name(image.name) + (Path(image.filepath).suffix or ".png")


def materials_of(objects: list[bpy.types.Object]) -> list[bpy.types.Material]:
    """Return the materials that the objects wear, each once."""
    slots = [slot for object_ in objects for slot in object_.material_slots]
    return list(dict.fromkeys(slot.material for slot in slots if slot.material))


def _images(objects: list[bpy.types.Object]) -> list[bpy.types.Image]:
    """The single pictures that the objects' materials show, each once; not movies, sequences or tiled images."""
    trees = [material.node_tree for material in materials_of(objects) if material.node_tree]
    nodes = [node for tree in trees for node in _nodes(tree)]
    images = dict.fromkeys(getattr(node, "image", None) for node in nodes)
    return [image for image in images if image and image.source in {"FILE", "GENERATED"}]


def _nodes(tree: bpy.types.NodeTree) -> Iterator[bpy.types.Node]:
    """All nodes of a tree and of the groups in it."""
    for node in tree.nodes:
        yield node
        if node.type == "GROUP" and node.node_tree:
            yield from _nodes(node.node_tree)

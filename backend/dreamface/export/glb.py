"""Binary glTF 2.0 (Khronos Group, version 2.0.1) with morph targets and physically based materials."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pygltflib as gltf
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamface import __version__, images
from dreamface._files import side_by_side, whole_file
from dreamface.arrays import Float32Array, IntArray
from dreamface.bones import BONES, BoneNames
from dreamface.export.cards import CUT_AT, CUT_OUT, TILE, Dressed, HairForm, dressed
from dreamface.export.geometry import (
    STILL,
    Morph,
    ObjectMesh,
    morph,
    object_mesh,
    triangles,
    vertex_normals,
    vertex_tangents,
    y_up,
)
from dreamface.export.levels import at_detail
from dreamface.export.motion import add_motion
from dreamface.export.shade import DIRECTIONS, vertex_shade
from dreamface.export.skeleton import Skeleton, add_skin, rigged, skeleton_of
from dreamface.face import Face, Material, TileMaps
from dreamface.performance import Performance
from dreamface.progress import Progress
from dreamface.provenance import SOFTWARE, source_type, statement
from dreamface.traits import ARKIT_SHAPES
from dreamface.wrinkles import MAP_CHANNELS, MASK_CHANNELS, table

_STEP = "export"

_COMPONENT_TYPES = {
    "float32": gltf.FLOAT,
    "uint32": gltf.UNSIGNED_INT,
    "uint16": gltf.UNSIGNED_SHORT,
    "uint8": gltf.UNSIGNED_BYTE,
    "int16": gltf.SHORT,
    "int8": gltf.BYTE,
}
_VECTORS = {2: gltf.VEC2, 3: gltf.VEC3, 4: gltf.VEC4}
_FOLDING = "skin"  # the material that has wrinkles
_FLIP_V = np.array([1.0, -1.0], np.float32)  # glTF counts v downwards

SPECULAR_AT_FULL = 2.0
"""A specular map value of 0.5 is the reflectance that the index of refraction gives, and 1 is twice as much."""

CLEARCOAT_IOR = 1.5
"""The index of refraction that KHR_materials_clearcoat fixes."""

HAIR_SPECULAR = 0.5
"""Weight of the gloss on cards: a flat one mirrors all at once what a lock of round hairs scatters to all sides."""

CLEAR_ALPHA = 0.1
"""How much a viewer shows of what is clear, over what lies behind it: viewers that know no transmission would hide it.

In those that do, the rest is seen unbent; highlights are made as much stronger as this makes them weaker."""

CLEAR_COLOUR = 0.3
"""Of a clear surface's own colour, what is left: the veil that viewers without transmission lay over the iris."""

CHAMBER_DEPTH = 3.1e-3
"""Metres that light goes through behind a cornea before it meets the iris: the anterior chamber of adults' eyes."""


def write_glb(
    face: Face,
    path: Path,
    progress: Progress,
    hair: HairForm = "cards",
    level: int = 0,
    rig: BoneNames | None = None,
    detail: int = 0,
    take: Performance | None = None,
    lit: bool = True,
) -> None:
    """Write `face` as one .glb file: a node and mesh per object under a root node, metres, +Y up, looking along +Z.

    A mesh has a primitive for each of its materials. Objects that any blend shape moves have all morph targets in the
    order of the face's `shape_names`, so that one list of weights drives them all; the meshes' weights are the face's
    expression, and their extras name the targets, and apart from that those beyond ARKit's. What is invisible is cut
    out by its material. Vertices have colours where lids and lips keep light from whites and from a mouth: see `shade`.
    The skin's material has the wrinkle maps in its extras, with what drives them: see `dreamface.wrinkles`. The asset's
    extras say how the face came about. With a rig, joints of those names lie under the root node, which is called root
    then, and the objects, which have one skin, beside it. Detail 0 is the whole head; see `rig.reduced`.

    With a take there is an animation: all meshes that have morph targets play its weights, in the place of the face's
    expression; the head's bone, or the root node, turns with the head, and the root moves with it. Eyeballs are turned
    by the eyeLook shapes.

    What is not `lit` is written in a third of the time: without the colours of vertices, and without what blend shapes
    do to normals.

    Raises:
        FolderError: the disk refused.
        Cancelled: the user asked to stop.
    """
    progress.report(_STEP, 0.0, "Writing the GLB file")
    worn = at_detail(dressed(face if rig is None else rigged(face), hair, level), detail)
    document = GlbDocument(worn, None if rig is None else skeleton_of(worn.face, rig), lit)
    document.add_materials(progress.part(0.1, 0.5))
    objects = worn.face.head.topology.objects
    for done, group in enumerate(objects, 1):
        document.add_object(object_mesh(worn.face, group))
        progress.report(_STEP, 0.5 + 0.4 * done / len(objects), f"Wrote the {group.name}")
    if take is not None:
        document.add_motion(take)
    with whole_file(path) as file:
        file.write_bytes(document.to_bytes())
        progress.report(_STEP, 1.0, f"Wrote {path.name}")


@dataclass(frozen=True)
class Picture:
    """A texture before it is written.

    Attributes:
        name: what it holds, such as "albedo".
        mime: kind of its file.
        encode: makes the file.
    """

    name: str
    mime: str
    encode: Callable[[], bytes]


class GlbDocument:
    """The glTF document as it grows, and its one binary buffer.

    Attributes:
        still: metres; a vertex that a shape moves by less stays where it is.
        shade_rays: directions in which light is looked for from each vertex.
        has_tangents: whether vertices have tangents where there is a normal map.
    """

    still: ClassVar[float] = STILL
    shade_rays: ClassVar[int] = DIRECTIONS
    has_tangents: ClassVar[bool] = True

    def __init__(self, worn: Dressed, skeleton: Skeleton | None = None, lit: bool = True) -> None:
        face = self.face = worn.face
        self.normals = worn.normals
        self.lit = lit
        shade = vertex_shade(face, self.shade_rays) if lit else torch.ones_like(face.head.vertices)
        self.shade = shade.cpu().numpy()
        self.buffer = bytearray()
        self.material_indices: dict[str, int] = {}
        self.texture_indices: dict[bytes, int] = {}
        self.gltf = gltf.GLTF2(
            asset=gltf.Asset(generator=f"{SOFTWARE} {__version__}", extras=_provenance(face)),
            scene=0,
            scenes=[gltf.Scene(nodes=[0])],
            nodes=[gltf.Node(name="head", children=[])],
            samplers=[
                gltf.Sampler(
                    magFilter=gltf.LINEAR,
                    minFilter=gltf.LINEAR_MIPMAP_LINEAR,
                    wrapS=gltf.CLAMP_TO_EDGE,
                    wrapT=gltf.CLAMP_TO_EDGE,
                )
            ],
        )
        self.weights = face.expression.tolist()
        self.skeleton = skeleton
        if skeleton is not None:
            add_skin(self.gltf, skeleton, self._matrices)

    def to_bytes(self) -> bytes:
        """The .glb file."""
        self.gltf.buffers = [gltf.Buffer(byteLength=len(self.buffer))]
        self.gltf.set_binary_blob(bytes(self.buffer))
        return b"".join(self.gltf.save_to_bytes())

    # ---------------------------------------------------------------------------------------------------------- meshes

    def add_object(self, mesh: ObjectMesh) -> None:
        """Append the node and mesh of one object, and make it a child of the root."""
        given = self.normals.get(mesh.group.name)
        normals, morphs = vertex_normals(mesh) if given is None else y_up(given), self._morphs(mesh)
        primitives = [
            self._primitive(mesh, faces, self.material_indices[material], normals, morphs)
            for material, faces in mesh.by_material().items()
        ]
        moving = {"weights": self.weights, "extras": self._target_names()} if morphs else {}
        self.gltf.meshes.append(gltf.Mesh(name=mesh.group.name, primitives=primitives, **moving))
        node = gltf.Node(name=mesh.group.name, mesh=len(self.gltf.meshes) - 1)
        self.gltf.nodes.append(node)
        if self.skeleton is None:
            self.gltf.nodes[0].children.append(len(self.gltf.nodes) - 1)
        else:  # joints alone move it, and a transform above it would do nothing
            node.skin = 0
            self.gltf.scenes[0].nodes.append(len(self.gltf.nodes) - 1)

    def add_motion(self, take: Performance) -> None:
        """Append an animation that plays a take."""
        if self.skeleton is None:
            add_motion(self.gltf, take, self.weights, self._keys)
            return
        bone = BONES.index("head")
        node, place = self.gltf.skins[0].joints[bone], self.skeleton.joints[bone].tolist()
        add_motion(self.gltf, take, self.weights, self._keys, node, place)

    def _target_names(self) -> dict[str, list[str]]:
        names = self.face.shape_names
        return {"targetNames": list(names), "beyondArkit": list(names[len(ARKIT_SHAPES) :])}

    def _primitive(
        self,
        mesh: ObjectMesh,
        faces: IntArray,
        material: int,
        object_normals: Float32Array,
        morphs: Sequence[Morph | None],
    ) -> gltf.Primitive:
        """Those faces of an object that have one material."""
        uv_of_topology = self.face.head.topology.uv.cpu().numpy()
        source, uv, quads = _split_at_seams(mesh.quads[faces], mesh.quad_uvs[faces], uv_of_topology)
        vertices, normals = mesh.vertices[source], object_normals[source]
        attributes = gltf.Attributes(
            POSITION=self._vertex_data(vertices, bounded=True),
            NORMAL=self._directions(normals),
            TEXCOORD_0=self._coordinates(uv * _FLIP_V + (0.0, 1.0)),
        )
        shade = self.shade[source + mesh.group.vertices[0]]
        if shade.min(initial=1.0) < 1.0 and self.gltf.materials[material].alphaMode != gltf.BLEND:
            attributes.COLOR_0 = self._colours(shade)
        if self.skeleton is not None:
            joints, weights = self.skeleton.attributes(source + mesh.group.vertices[0])
            attributes.JOINTS_0, attributes.WEIGHTS_0 = self._vertex_data(joints), self._vertex_data(weights)
        if self.has_tangents and self.gltf.materials[material].normalTexture is not None:
            attributes.TANGENT = self._vertex_data(vertex_tangents(vertices, normals, uv, quads))
        return gltf.Primitive(
            attributes=attributes,
            indices=self._indices(triangles(quads)),
            material=material,
            targets=self._morph_targets(mesh, source, morphs),
        )

    def _morphs(self, mesh: ObjectMesh) -> list[Morph | None]:
        """What every shape does to an object; nothing where none moves it."""
        deltas = y_up(self.face.shapes[:, slice(*mesh.group.vertices)])
        morphs = [morph(mesh, delta, self.still, self.lit) for delta in deltas]
        return morphs if any(morphs) else []

    def _morph_targets(
        self, mesh: ObjectMesh, source: NDArray[np.int64], morphs: Sequence[Morph | None]
    ) -> list[dict[str, int]]:
        """A target for each shape, as all primitives of a mesh must have the same ones."""
        used = np.zeros(len(mesh.vertices), bool)
        used[source] = True
        moving = [change if change is not None and used[change.vertices].any() else None for change in morphs]
        still = self._zeros(len(source)) if None in moving else {}
        return [still if change is None else self._morph_target(change, mesh, source) for change in moving]

    def _zeros(self, count: int) -> dict[str, int]:
        """A target that moves nothing: accessors without data are all zeros."""
        nothing = np.zeros((1, 3), np.float32)
        positions = _vectors_without_view(count, self._offsets("POSITION", nothing))
        normals = _vectors_without_view(count, self._offsets("NORMAL", nothing))
        positions.min = positions.max = [0.0, 0.0, 0.0]
        still = {"POSITION": self._append(positions)}
        return still | {"NORMAL": self._append(normals)} if self.lit else still

    def _morph_target(self, change: Morph, mesh: ObjectMesh, source: NDArray[np.int64]) -> dict[str, int]:
        """Sparse accessors: a shape of a face moves a fraction of its vertices."""
        slot = np.full(len(mesh.vertices), -1)
        slot[change.vertices] = np.arange(len(change.vertices))
        split = np.flatnonzero(slot[source] >= 0)
        slots = slot[source[split]]
        indices = _narrow(split)
        view = self._view(indices)
        offsets = change.offsets[slots]
        target = {}
        changes = {"POSITION": offsets} | ({"NORMAL": change.normal_offsets[slots]} if self.lit else {})
        for name, values in changes.items():
            coded = self._offsets(name, values)
            accessor = _vectors_without_view(len(source), coded)
            accessor.sparse = gltf.Sparse(
                count=len(split),
                indices=gltf.AccessorSparseIndices(bufferView=view, componentType=_COMPONENT_TYPES[indices.dtype.name]),
                values=gltf.AccessorSparseValues(bufferView=self._view(coded)),
            )
            if name == "POSITION":
                low, high = coded.min(axis=0), coded.max(axis=0)
                if len(split) < len(source):  # the vertices left out stand at zero
                    low, high = np.minimum(low, 0), np.maximum(high, 0)
                accessor.min, accessor.max = low.tolist(), high.tolist()
            target[name] = self._append(accessor)
        return target

    # ------------------------------------------------------------------------------------------------------- materials

    def add_materials(self, progress: Progress) -> None:
        """Append every material that a part uses, and the textures of their tiles."""
        used = dict.fromkeys(part.material for part in self.face.head.topology.parts)
        tiles = dict.fromkeys(tile for name in used if (tile := self.face.materials[name].tile) in self.face.maps)
        textures = self._add_textures({tile: self.face.maps[tile] for tile in tiles if tile is not None}, progress)
        for name in used:
            material = self.face.materials[name]
            self.material_indices[name] = len(self.gltf.materials)
            channels = self.face.maps.get(material.tile or "", {})
            own = textures.get(material.tile or "", {})
            self.gltf.materials.append(_material(material, own, channels))
            if name == _FOLDING and set(MAP_CHANNELS) <= own.keys():
                self.gltf.materials[-1].extras = {"expressionWrinkles": self._wrinkles(own)}
        extensions = {name for material in self.gltf.materials for name in material.extensions}
        self.gltf.extensionsUsed = sorted(extensions)

    def _wrinkles(self, textures: Mapping[str, int]) -> dict[str, Any]:
        """The table of weights, with textures' indices in place of the channels' names."""
        found = table({tile: tuple(channels) for tile, channels in self.face.maps.items()})
        found["side"]["masks"] = textures[found["side"]["masks"]]
        for entry in found["sets"].values():
            entry |= {"map": textures[entry["map"]], "masks": textures[entry["masks"]]}
        del found["tile"]
        return found

    def _add_textures(self, maps: Mapping[str, TileMaps], progress: Progress) -> dict[str, dict[str, int]]:
        """Tile -> texture -> its index."""
        pictures = [(tile, picture) for tile, tile_maps in maps.items() for picture in self._pictures(tile_maps)]
        files: dict[tuple[str, str], bytes] = {}
        for done, (tile, name, file) in enumerate(side_by_side([partial(_made, *entry) for entry in pictures]), 1):
            files[tile, name] = file
            progress.report(_STEP, done / len(pictures), f"Wrote the texture {tile}_{name}")
        textures: dict[str, dict[str, int]] = {tile: {} for tile in maps}
        for tile, picture in pictures:  # in their own order, whichever was ready first: the same face, the same bytes
            file = files[tile, picture.name]
            textures[tile][picture.name] = self._add_texture(f"{tile}_{picture.name}", picture.mime, file)
        return textures

    def _add_texture(self, name: str, mime: str, file: bytes) -> int:
        """The texture of a picture; one that is there already, as the other eye's, is used twice."""
        if file not in self.texture_indices:
            self.texture_indices[file] = self._new_texture(name, mime, file)
        return self.texture_indices[file]

    def _new_texture(self, name: str, mime: str, file: bytes) -> int:
        view = self._view(np.frombuffer(file, np.uint8))
        self.gltf.images.append(gltf.Image(name=name, mimeType=mime, bufferView=view))
        self.gltf.textures.append(gltf.Texture(sampler=0, source=len(self.gltf.images) - 1))
        return len(self.gltf.textures) - 1

    # --------------------------------------------------------------------------------------------- how values are kept

    def _directions(self, vectors: Float32Array) -> int:
        """The accessor of [M, 3] unit normals."""
        return self._vertex_data(vectors)

    def _coordinates(self, uv: Float32Array) -> int:
        """The accessor of [M, 2] texture coordinates."""
        return self._vertex_data(uv)

    def _colours(self, shade: Float32Array) -> int:
        """The accessor of [M, 3] colours of vertices, linear Rec. 709, 0..1."""
        return self._vertex_data(shade)

    def _offsets(self, name: str, values: Float32Array) -> NDArray[Any]:
        """[K, 3] what a shape adds to positions (metres) or normals, as it is written; whole numbers stand for -1..1.

        Args:
            name: "POSITION" or "NORMAL".
            values: [K, 3].
        """
        return values

    def _pictures(self, maps: TileMaps) -> Sequence[Picture]:
        """The textures of one tile that glTF has a place for."""
        return [Picture(name, "image/png", partial(_png, pixels)) for name, pixels in encoders(maps)]

    # ------------------------------------------------------------------------------------------------------- accessors

    def _vertex_data(self, values: NDArray[Any], bounded: bool = False) -> int:
        values = values if values.dtype == np.uint8 else values.astype(np.float32, copy=False)
        accessor = gltf.Accessor(
            bufferView=self._view(values, gltf.ARRAY_BUFFER),
            componentType=_COMPONENT_TYPES[values.dtype.name],
            type=_VECTORS[values.shape[1]],
            count=len(values),
        )
        if bounded:
            accessor.min, accessor.max = values.min(axis=0).tolist(), values.max(axis=0).tolist()
        return self._append(accessor)

    def _keys(self, values: Float32Array, bounded: bool) -> int:
        """Append an animation's times or values, [K] or [K, C]."""
        accessor = gltf.Accessor(
            bufferView=self._view(values),
            componentType=gltf.FLOAT,
            type=gltf.SCALAR if values.ndim == 1 else _VECTORS[values.shape[1]],
            count=len(values),
        )
        if bounded:
            accessor.min, accessor.max = [float(values.min())], [float(values.max())]
        return self._append(accessor)

    def _matrices(self, values: Float32Array) -> int:
        view = self._view(values)
        return self._append(gltf.Accessor(bufferView=view, componentType=gltf.FLOAT, type=gltf.MAT4, count=len(values)))

    def _indices(self, corners: NDArray[np.int64]) -> int:
        values = _narrow(corners.reshape(-1))
        view = self._view(values, gltf.ELEMENT_ARRAY_BUFFER)
        kind = _COMPONENT_TYPES[values.dtype.name]
        return self._append(gltf.Accessor(bufferView=view, componentType=kind, type=gltf.SCALAR, count=len(values)))

    def _append(self, accessor: gltf.Accessor) -> int:
        self.gltf.accessors.append(accessor)
        return len(self.gltf.accessors) - 1

    def _view(self, values: NDArray[Any], target: int | None = None) -> int:
        self.buffer.extend(b"\0" * (-len(self.buffer) % 4))  # every component type starts at a multiple of its size
        data = np.ascontiguousarray(values).tobytes()
        view = gltf.BufferView(buffer=0, byteOffset=len(self.buffer), byteLength=len(data), target=target)
        self.gltf.bufferViews.append(view)
        self.buffer.extend(data)
        return len(self.gltf.bufferViews) - 1


def _vectors_without_view(count: int, like: NDArray[Any]) -> gltf.Accessor:
    """All zeros, save where `sparse` says otherwise; the specification forbids an offset where there is no view.

    Args:
        count: of vectors.
        like: numbers of the kind that they are; whole ones stand for -1..1.
    """
    kind = _COMPONENT_TYPES[like.dtype.name]
    return gltf.Accessor(
        byteOffset=None, componentType=kind, normalized=kind != gltf.FLOAT, type=gltf.VEC3, count=count
    )


def _provenance(face: Face) -> dict[str, Any]:
    chosen = {} if face.head.candidate is None else {"candidate": face.head.candidate}
    return {
        "statement": statement(face.record.from_photograph),
        "digitalSourceType": source_type(face.record.from_photograph),
        "faceId": face.face_id,
        "prompt": face.prompt,
        "seed": face.seed,
        "head": face.head.model,
        **chosen,
    }


def _split_at_seams(quads: IntArray, quad_uvs: IntArray, uv: Float32Array) -> tuple[IntArray, Float32Array, IntArray]:
    """One vertex for each pair of a vertex and a texture coordinate, as glTF has one index for both.

    Returns:
        [M] the mesh's vertex that each came from, [M, 2] its texture coordinate, [Q, 4] the faces.
    """
    pairs, corners = np.unique(quads * len(uv) + quad_uvs, return_inverse=True)
    return pairs // len(uv), uv[pairs % len(uv)], corners.reshape(quads.shape)


def _narrow(indices: NDArray[np.int64]) -> NDArray[Any]:
    """The smallest type that glTF allows; 65535 itself is its primitive restart."""
    return indices.astype(np.uint16 if indices.max() < 65535 else np.uint32)


# ----------------------------------------------------------------------------------------------------------- materials


def encoders(maps: TileMaps) -> Sequence[tuple[str, Callable[[], images.Pixels]]]:
    """The textures of one tile that glTF has a place for, and how their pixels come about."""
    found: list[tuple[str, Callable[[], images.Pixels]]] = [("albedo", partial(_albedo, maps))]
    if "roughness" in maps:
        found.append(("metallic_roughness", partial(_metallic_roughness, maps)))
    if "normal" in maps:
        found.append(("normal", partial(images.encode_normal8, maps["normal"])))
    if "specular" in maps:
        found.append(("specular", partial(_specular_colour, maps)))
    folds = [name for name in (*MAP_CHANNELS, *MASK_CHANNELS) if name in maps]
    found += [(name, partial(images.encode_unit8, maps[name])) for name in folds]
    return found


def _made(tile: str, picture: Picture) -> tuple[str, str, bytes]:
    return tile, picture.name, picture.encode()


def _png(pixels: Callable[[], images.Pixels]) -> bytes:
    return images.png_bytes(pixels())


def _albedo(maps: TileMaps) -> images.Pixels:
    """Colour, white where there is none, and the opacity as its alpha."""
    if "opacity" not in maps:
        return images.encode_srgb8(maps["albedo"])
    alpha = images.encode_unit8(maps["opacity"])
    if "albedo" not in maps:
        return np.concatenate((np.full((*alpha.shape[:2], 3), 255, np.uint8), alpha), axis=2)
    colour = images.encode_srgb8(_resized(maps["albedo"], maps["opacity"]))
    return np.concatenate((colour, alpha), axis=2)


def _resized(image: Tensor, like: Tensor) -> Tensor:
    """[H, W, C] as large as another."""
    if image.shape[:2] == like.shape[:2]:
        return image
    smooth = torch.nn.functional.interpolate(image.permute(2, 0, 1)[None], tuple(like.shape[:2]), mode="bilinear")
    return smooth[0].permute(1, 2, 0)


def _metallic_roughness(maps: TileMaps) -> images.Pixels:
    """Roughness in green and metallic in blue; red, which is free, has the specular level, the weight of the coat.

    What there is no map of is white, so that the material's factor says it.
    """
    roughness = images.encode_unit8(maps["roughness"])
    pixels = np.full((*roughness.shape[:2], 3), 255, np.uint8)
    pixels[..., 1] = roughness[..., 0]
    for place, channel in ((0, "specular"), (2, "metallic")):
        if channel in maps:
            pixels[..., place] = images.encode_unit8(_resized(maps[channel], maps["roughness"]))[..., 0]
    return pixels


def _specular_colour(maps: TileMaps) -> images.Pixels:
    """Grey, sRGB-encoded as KHR_materials_specular wants its colour texture."""
    return images.encode_srgb8(maps["specular"])


def _material(material: Material, textures: Mapping[str, int], channels: Container[str]) -> gltf.Material:
    """A material with its tile's textures.

    Args:
        material: the values.
        textures: texture -> its index.
        channels: the tile's.
    """
    if material.invisible:
        return _invisible(material)
    packed = "metallic_roughness" in textures
    clear = material.transmission > 0.0
    colour = [CLEAR_COLOUR * value for value in material.base_colour] if clear else [*material.base_colour]
    metallic_roughness = gltf.PbrMetallicRoughness(
        baseColorFactor=[*colour, CLEAR_ALPHA if clear else 1.0],
        baseColorTexture=_texture(textures, "albedo"),
        metallicFactor=1.0 if packed and "metallic" in channels else material.metallic,
        roughnessFactor=1.0 if packed else material.roughness,
        metallicRoughnessTexture=_texture(textures, "metallic_roughness"),
    )
    normal = gltf.NormalMaterialTexture(index=textures["normal"]) if "normal" in textures else None
    cut = "opacity" in channels and material.name in CUT_OUT
    blended = clear or ("opacity" in channels and not cut)
    return gltf.Material(
        name=material.name,
        alphaMode=gltf.BLEND if blended else gltf.MASK if cut else gltf.OPAQUE,
        alphaCutoff=CUT_AT if cut else None,
        pbrMetallicRoughness=metallic_roughness,
        normalTexture=normal,
        extensions=_extensions(material, textures, channels),
        doubleSided=not clear,  # the neck is open below, and lashes have two sides
    )


def _extensions(material: Material, textures: Mapping[str, int], channels: Container[str]) -> dict[str, Any]:
    extensions: dict[str, Any] = {"KHR_materials_ior": {"ior": material.ior}}
    if "specular" in textures:
        extensions["KHR_materials_specular"] = {
            "specularColorFactor": [SPECULAR_AT_FULL] * 3,
            "specularColorTexture": {"index": textures["specular"]},
        }
    elif material.transmission > 0.0:
        extensions["KHR_materials_specular"] = {"specularColorFactor": [1.0 / CLEAR_ALPHA] * 3}
    elif material.tile == TILE:
        extensions["KHR_materials_specular"] = {"specularFactor": HAIR_SPECULAR}
    if material.coat > 0.0:
        extensions["KHR_materials_clearcoat"] = _clearcoat(material, textures, channels)
    if material.transmission > 0.0:
        extensions["KHR_materials_transmission"] = {"transmissionFactor": material.transmission}
    if material.transmission > 0.0 and material.name == "cornea":  # other clear things are films on what lies behind
        extensions["KHR_materials_volume"] = {"thicknessFactor": CHAMBER_DEPTH}
    return extensions


def _clearcoat(material: Material, textures: Mapping[str, int], channels: Container[str]) -> dict[str, Any]:
    """The second gloss, as strong as it is straight on, at a roughness that is a share of the first one's.

    Its weight is the specular map in the packed texture's red channel, its roughness the green one.
    """
    weight = material.coat * _reflectance(material.coat_ior) / _reflectance(CLEARCOAT_IOR)
    packed = textures.get("metallic_roughness")
    if packed is not None and "specular" in channels:
        weight *= SPECULAR_AT_FULL
    if material.transmission > 0.0:
        weight /= CLEAR_ALPHA
    clearcoat: dict[str, Any] = {
        "clearcoatFactor": min(weight, 1.0),
        "clearcoatRoughnessFactor": material.coat_roughness,
    }
    if packed is not None:
        clearcoat["clearcoatRoughnessTexture"] = {"index": packed}
    if packed is not None and "specular" in channels:
        clearcoat["clearcoatTexture"] = {"index": packed}
    if "normal" in textures:
        clearcoat["clearcoatNormalTexture"] = {"index": textures["normal"]}
    return clearcoat


def _reflectance(ior: float) -> float:
    """The share of light that is reflected straight back where air ends (Fresnel): ((n - 1) / (n + 1))^2."""
    return ((ior - 1.0) / (ior + 1.0)) ** 2


def _invisible(material: Material) -> gltf.Material:
    """Cut out wholly: viewers draw nothing transmissive behind a transmissive surface, and sort blended ones badly."""
    return gltf.Material(
        name=material.name,
        alphaMode=gltf.MASK,
        alphaCutoff=0.5,
        pbrMetallicRoughness=gltf.PbrMetallicRoughness(
            baseColorFactor=[*material.base_colour, 0.0], metallicFactor=0.0, roughnessFactor=material.roughness
        ),
    )


def _texture(textures: Mapping[str, int], name: str) -> gltf.TextureInfo | None:
    return gltf.TextureInfo(index=textures[name]) if name in textures else None

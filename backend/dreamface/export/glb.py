"""Binary glTF 2.0 (Khronos Group, version 2.0.1) with morph targets and physically based materials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pygltflib as gltf
from numpy.typing import NDArray

from dreamface import __version__, images
from dreamface._files import side_by_side, whole_file
from dreamface.export.geometry import Floats, Morph, PartMesh, morph, part_mesh, vertex_normals, vertex_tangents, y_up
from dreamface.face import Face, Material, TileMaps
from dreamface.progress import Progress
from dreamface.provenance import DIGITAL_SOURCE_TYPE, SOFTWARE, STATEMENT

_STEP = "export"

_COMPONENT_TYPES = {"float32": gltf.FLOAT, "uint32": gltf.UNSIGNED_INT, "uint16": gltf.UNSIGNED_SHORT}
_VECTORS = {2: gltf.VEC2, 3: gltf.VEC3, 4: gltf.VEC4}
_FLIP_V = np.array([1.0, -1.0], np.float32)  # glTF counts v downwards

SPECULAR_AT_FULL = 2.0
"""A specular map value of 0.5 is the reflectance that the index of refraction gives, and 1 is twice as much."""


def write_glb(face: Face, path: Path, progress: Progress) -> None:
    """Write `face` as one .glb file: a node and mesh per part under a root node, metres, +Y up, looking along +Z.

    Parts that any blend shape moves have all morph targets in the order of the face's `shape_names`, so that one list
    of weights drives them all; the meshes' weights are the face's expression.

    Raises:
        FolderError: the disk refused.
        Cancelled: the user asked to stop.
    """
    progress.report(_STEP, 0.0, "Writing the GLB file")
    document = _Document(face)
    document.add_materials(progress.part(0.0, 0.5))
    for done, part in enumerate(face.head.topology.parts, 1):
        document.add_part(part_mesh(face, part))
        progress.report(_STEP, 0.5 + 0.4 * done / len(face.head.topology.parts), f"Wrote the {part.name}")
    with whole_file(path) as file:
        file.write_bytes(document.to_bytes())
        progress.report(_STEP, 1.0, f"Wrote {path.name}")


class _Document:
    """The glTF document as it grows, and its one binary buffer."""

    def __init__(self, face: Face) -> None:
        self.face = face
        self.buffer = bytearray()
        self.material_indices: dict[str, int] = {}
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

    def to_bytes(self) -> bytes:
        """The .glb file."""
        self.gltf.buffers = [gltf.Buffer(byteLength=len(self.buffer))]
        self.gltf.set_binary_blob(bytes(self.buffer))
        return b"".join(self.gltf.save_to_bytes())

    # ---------------------------------------------------------------------------------------------------------- meshes

    def add_part(self, mesh: PartMesh) -> None:
        """Append the node and mesh of one part, and make it a child of the root."""
        source, uv, quads = _split_at_seams(mesh, self.face.head.topology.uv.cpu().numpy())
        vertices, normals = mesh.vertices[source], vertex_normals(mesh)[source]
        attributes = gltf.Attributes(
            POSITION=self._vertex_data(vertices, bounded=True),
            NORMAL=self._vertex_data(normals),
            TEXCOORD_0=self._vertex_data(uv * _FLIP_V + (0.0, 1.0)),
        )
        material = self.material_indices[mesh.part.material]
        if self.gltf.materials[material].normalTexture is not None:
            attributes.TANGENT = self._vertex_data(vertex_tangents(vertices, normals, uv, quads))
        targets = self._morph_targets(mesh, source)
        primitive = gltf.Primitive(
            attributes=attributes,
            indices=self._indices(quads[:, [0, 1, 2, 0, 2, 3]]),
            material=material,
            targets=targets,
        )
        moving = {"weights": self.weights, "extras": {"targetNames": list(self.face.shape_names)}} if targets else {}
        self.gltf.meshes.append(gltf.Mesh(name=mesh.part.name, primitives=[primitive], **moving))
        self.gltf.nodes.append(gltf.Node(name=mesh.part.name, mesh=len(self.gltf.meshes) - 1))
        self.gltf.nodes[0].children.append(len(self.gltf.nodes) - 1)

    def _morph_targets(self, mesh: PartMesh, source: NDArray[np.int64]) -> list[dict[str, int]]:
        """All targets, or none where no shape moves the part."""
        deltas = y_up(self.face.shapes[:, slice(*mesh.part.vertices)])
        morphs = [morph(mesh, delta) for delta in deltas]
        if not any(morphs):
            return []
        still = self._zeros(len(source))
        return [still if change is None else self._morph_target(change, mesh, source) for change in morphs]

    def _zeros(self, count: int) -> dict[str, int]:
        """A target that moves nothing: accessors without data are all zeros."""
        positions, normals = _vectors_without_view(count), _vectors_without_view(count)
        positions.min = positions.max = [0.0, 0.0, 0.0]
        return {"POSITION": self._append(positions), "NORMAL": self._append(normals)}

    def _morph_target(self, change: Morph, mesh: PartMesh, source: NDArray[np.int64]) -> dict[str, int]:
        """Sparse accessors: a shape of a face moves a fraction of its vertices."""
        slot = np.full(len(mesh.vertices), -1)
        slot[change.vertices] = np.arange(len(change.vertices))
        split = np.flatnonzero(slot[source] >= 0)
        slots = slot[source[split]]
        indices = _narrow(split)
        view = self._view(indices)
        offsets = change.offsets[slots]
        low, high = offsets.min(axis=0), offsets.max(axis=0)
        if len(split) < len(source):  # the vertices left out stand at zero
            low, high = np.minimum(low, 0.0), np.maximum(high, 0.0)
        target = {}
        for name, values in (("POSITION", offsets), ("NORMAL", change.normal_offsets[slots])):
            accessor = _vectors_without_view(len(source))
            accessor.sparse = gltf.Sparse(
                count=len(split),
                indices=gltf.AccessorSparseIndices(bufferView=view, componentType=_COMPONENT_TYPES[indices.dtype.name]),
                values=gltf.AccessorSparseValues(bufferView=self._view(values)),
            )
            if name == "POSITION":
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
            self.gltf.materials.append(_material(material, textures.get(material.tile or "", {})))
        extensions = {name for material in self.gltf.materials for name in material.extensions}
        self.gltf.extensionsUsed = sorted(extensions)

    def _add_textures(self, maps: Mapping[str, TileMaps], progress: Progress) -> dict[str, dict[str, int]]:
        """Tile -> texture -> its index."""
        encoders = [(tile, name, encode) for tile, tile_maps in maps.items() for name, encode in _encoders(tile_maps)]
        files: dict[tuple[str, str], bytes] = {}
        for done, (tile, name, file) in enumerate(side_by_side([partial(_encode, *entry) for entry in encoders]), 1):
            files[tile, name] = file
            progress.report(_STEP, done / len(encoders), f"Wrote the texture {tile}_{name}")
        textures: dict[str, dict[str, int]] = {tile: {} for tile in maps}
        for tile, name, _ in encoders:  # in their own order, whichever was ready first: the same face, the same bytes
            textures[tile][name] = self._add_texture(f"{tile}_{name}", files[tile, name])
        return textures

    def _add_texture(self, name: str, file: bytes) -> int:
        view = self._view(np.frombuffer(file, np.uint8))
        self.gltf.images.append(gltf.Image(name=name, mimeType="image/png", bufferView=view))
        self.gltf.textures.append(gltf.Texture(sampler=0, source=len(self.gltf.images) - 1))
        return len(self.gltf.textures) - 1

    # ------------------------------------------------------------------------------------------------------- accessors

    def _vertex_data(self, values: Floats, bounded: bool = False) -> int:
        values = values.astype(np.float32, copy=False)
        accessor = gltf.Accessor(
            bufferView=self._view(values, gltf.ARRAY_BUFFER),
            componentType=gltf.FLOAT,
            type=_VECTORS[values.shape[1]],
            count=len(values),
        )
        if bounded:
            accessor.min, accessor.max = values.min(axis=0).tolist(), values.max(axis=0).tolist()
        return self._append(accessor)

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


def _vectors_without_view(count: int) -> gltf.Accessor:
    """All zeros, save where `sparse` says otherwise; the specification forbids an offset where there is no view."""
    return gltf.Accessor(byteOffset=None, componentType=gltf.FLOAT, type=gltf.VEC3, count=count)


def _provenance(face: Face) -> dict[str, Any]:
    return {
        "statement": STATEMENT,
        "digitalSourceType": DIGITAL_SOURCE_TYPE,
        "faceId": face.face_id,
        "prompt": face.prompt,
        "seed": face.seed,
    }


def _split_at_seams(mesh: PartMesh, uv: Floats) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """One vertex for each pair of a vertex and a texture coordinate, as glTF has one index for both.

    Returns:
        [M] the mesh's vertex that each came from, [M, 2] its texture coordinate, [Q, 4] the quads.
    """
    pairs, corners = np.unique(mesh.quads * len(uv) + mesh.quad_uvs, return_inverse=True)
    return pairs // len(uv), uv[pairs % len(uv)], corners.reshape(mesh.quads.shape)


def _narrow(indices: NDArray[np.int64]) -> NDArray[Any]:
    """The smallest type that glTF allows; 65535 itself is its primitive restart."""
    return indices.astype(np.uint16 if indices.max() < 65535 else np.uint32)


# ----------------------------------------------------------------------------------------------------------- materials


def _encoders(maps: TileMaps) -> Sequence[tuple[str, Callable[[], images.Pixels]]]:
    """The textures of one tile that glTF has a place for, and how their pixels come about."""
    encoders: list[tuple[str, Callable[[], images.Pixels]]] = [("albedo", partial(images.encode_srgb8, maps["albedo"]))]
    if "roughness" in maps:
        encoders.append(("metallic_roughness", partial(_metallic_roughness, maps)))
    if "normal" in maps:
        encoders.append(("normal", partial(images.encode_normal8, maps["normal"])))
    if "specular" in maps:
        encoders.append(("specular", partial(_specular_colour, maps)))
    return encoders


def _encode(tile: str, name: str, pixels: Callable[[], images.Pixels]) -> tuple[str, str, bytes]:
    return tile, name, images.png_bytes(pixels())


def _metallic_roughness(maps: TileMaps) -> images.Pixels:
    """Roughness in green and metallic, which skin is not, in blue; red is free."""
    roughness = images.encode_unit8(maps["roughness"])
    pixels = np.zeros((*roughness.shape[:2], 3), np.uint8)
    pixels[..., 1] = roughness[..., 0]
    return pixels


def _specular_colour(maps: TileMaps) -> images.Pixels:
    """Grey, sRGB-encoded as KHR_materials_specular wants its colour texture."""
    return images.encode_srgb8(maps["specular"])


def _material(material: Material, textures: Mapping[str, int]) -> gltf.Material:
    metallic_roughness = gltf.PbrMetallicRoughness(
        baseColorFactor=[*material.base_colour, 1.0],
        baseColorTexture=_texture(textures, "albedo"),
        metallicFactor=0.0,
        roughnessFactor=1.0 if "metallic_roughness" in textures else material.roughness,
        metallicRoughnessTexture=_texture(textures, "metallic_roughness"),
    )
    extensions: dict[str, Any] = {"KHR_materials_ior": {"ior": material.ior}}
    if "specular" in textures:
        extensions["KHR_materials_specular"] = {
            "specularColorFactor": [SPECULAR_AT_FULL] * 3,
            "specularColorTexture": {"index": textures["specular"]},
        }
    if material.transmission > 0.0:
        extensions["KHR_materials_transmission"] = {"transmissionFactor": material.transmission}
    normal = gltf.NormalMaterialTexture(index=textures["normal"]) if "normal" in textures else None
    return gltf.Material(
        name=material.name,
        pbrMetallicRoughness=metallic_roughness,
        normalTexture=normal,
        extensions=extensions,
        doubleSided=material.transmission == 0.0,  # the neck is open below, and lashes have two sides
    )


def _texture(textures: Mapping[str, int], name: str) -> gltf.TextureInfo | None:
    return gltf.TextureInfo(index=textures[name]) if name in textures else None

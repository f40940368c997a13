"""A performance as an animation in glTF: weights of every mesh that has morph targets, and the turning of the head.

The eyeballs are turned by the eyeLook shapes, which are among the weights, in every head of ours: the eyes' angles are
not written, as they would turn them twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pygltflib as gltf

from dreamface.arrays import Float32Array, FloatArray, IntArray
from dreamface.export.geometry import Y_UP
from dreamface.performance import Performance
from dreamface.traits import ARKIT_SHAPES

STRAIGHT: Final = 1e-4
"""How far a value may be from the straight line between two keys for those between to be left out."""

_ORDER: Final = "ZXY"  # of yaw, pitch and roll; capital: each about the axes that the one before has turned


def add_motion(
    document: gltf.GLTF2,
    take: Performance,
    rest: Sequence[float],
    append: Callable[[Float32Array, bool], int],
    head: int = 0,
    pivot: Sequence[float] = (0.0, 0.0, 0.0),
) -> None:
    """Add an animation that plays a performance from time 0.

    Args:
        document: with its nodes and meshes; meshes that have weights are animated.
        take: the performance.
        rest: [S] weights of the face's expression: what a shape beyond ARKit's 52 keeps.
        append: adds values [K] or [K, C] to the buffer, with their bounds or not, and gives the accessor.
        head: the node that turns with the head: the root, which is the first, or the head's bone.
        pivot: metres, Y up: where that node is at rest.
    """
    times = (take.times - take.times[0]).astype(np.float32)
    animation = gltf.Animation(name=take.source or "performance", channels=[], samplers=[])
    moving = [index for index, node in enumerate(document.nodes) if _has_weights(document, node)]
    if moving:
        _add_channels(animation, append, times, _weights(take, rest), [(node, "weights") for node in moving])
    if np.abs(take.head).max() > STRAIGHT:
        _add_channels(animation, append, times, head_rotations(take), [(head, "rotation")])
    shift = head_shifts(take, pivot)
    if np.abs(shift).max() > STRAIGHT:
        _add_channels(animation, append, times, shift, [(0, "translation")])  # the root takes bones along
    if animation.channels:
        document.animations.append(animation)


def _has_weights(document: gltf.GLTF2, node: gltf.Node) -> bool:
    return node.mesh is not None and bool(document.meshes[node.mesh].weights)


def _add_channels(
    animation: gltf.Animation,
    append: Callable[[Float32Array, bool], int],
    times: Float32Array,
    values: Float32Array,
    targets: Sequence[tuple[int, str]],
) -> None:
    """Add a sampler of values [T, C], with the keys that are needed, and what it drives."""
    kept = needed_keys(times.astype(np.float64), values.astype(np.float64))
    keys: Any = values[kept]
    is_weights = targets[0][1] == "weights"
    output = append(keys.reshape(-1) if is_weights else keys, False)
    animation.samplers.append(gltf.AnimationSampler(input=append(times[kept], True), output=output))
    sampler = len(animation.samplers) - 1
    for node, path in targets:
        target = gltf.AnimationChannelTarget(node=node, path=path)
        animation.channels.append(gltf.AnimationChannel(sampler=sampler, target=target))


def _weights(take: Performance, rest: Sequence[float]) -> Float32Array:
    """[T, S] weights of all shapes: ARKit's are the performance's, others stay as the face wears them."""
    beyond = np.tile(np.array(rest[len(ARKIT_SHAPES) :], np.float32), (len(take), 1))
    return np.concatenate((take.weights, beyond), axis=1)


def head_rotations(take: Performance) -> Float32Array:
    """[T, 4] unit quaternions x, y, z, w of the head, Y up; each on the same side as the one before."""
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_euler(_ORDER, take.head.astype(np.float64)).as_quat()
    turn[:, :3] = turn[:, :3] @ Y_UP.T
    flips = np.concatenate(([1.0], np.where((turn[1:] * turn[:-1]).sum(axis=1) < 0.0, -1.0, 1.0)))
    return (turn * np.cumprod(flips)[:, None]).astype(np.float32)


def head_shifts(take: Performance, pivot: Sequence[float] = (0.0, 0.0, 0.0)) -> Float32Array:
    """[T, 3] metres that a pivot of the head goes from where it was first seen, Y up.

    A take has the way of the head's origin. What turns about another place would take the origin along a circle, so
    the pivot goes its own way: s + R p - p. Where the place is not known, which is zero then, nothing is shifted.
    """
    from scipy.spatial.transform import Rotation

    seen = np.flatnonzero(take.seen)
    first = seen[0] if len(seen) else 0
    places = take.position.astype(np.float64) @ Y_UP.T
    if not (places == places[first]).all():
        places = places + Rotation.from_quat(head_rotations(take)).apply(np.asarray(pivot, np.float64))
    return (places - places[first]).astype(np.float32)


def needed_keys(times: FloatArray, values: FloatArray, tolerance: float = STRAIGHT) -> IntArray:
    """Return the indices of keys [K] between which straight lines stay within a tolerance of all values.

    From each key the line goes as far as it can; the first and the last key stay.

    Args:
        times: [T] seconds, rising.
        values: [T, C].
        tolerance: of every value.
    """
    kept, last = [0], len(times) - 1
    while kept[-1] < last:
        kept.append(_farthest(times, values, kept[-1], tolerance))
    return np.array(kept)


def _farthest(times: FloatArray, values: FloatArray, start: int, tolerance: float) -> int:
    """Return the last key that a straight line from `start` reaches: its slope must pass each value between closely.

    A value at t allows slopes from (v - tolerance - v0) / (t - t0) to (v + tolerance - v0) / (t - t0); the line must
    end in a key's own value, and every key between narrows what slopes are left.
    """
    low, high = np.full(values.shape[1], -np.inf), np.full(values.shape[1], np.inf)
    reached = start + 1
    for index in range(start + 1, len(times)):
        step = times[index] - times[start]
        rise = values[index] - values[start]
        slope = rise / step
        if ((slope < low) | (slope > high)).any():
            break
        reached = index
        low = np.maximum(low, (rise - tolerance) / step)
        high = np.minimum(high, (rise + tolerance) / step)
        if (low > high).any():
            break
    return reached

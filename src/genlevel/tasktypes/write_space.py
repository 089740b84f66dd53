"""Writers of answers in time and space: tracks, masks of videos, clouds, meshes, poses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from genlevel.errors import AnswerError
from genlevel.records import Part
from genlevel.tasktypes.write_checks import Parts, as_json, as_npz, items, numbers, whole
from genlevel.tasktypes.write_images import BOXED, box_of, rle_of

# Tracks and masks in video


def write_track(value: Any) -> Parts:
    """A box a frame; NaN is null, no box."""
    array = np.asarray(value, np.float64)
    if array.ndim != 2 or array.shape[1] != 4 or not array.size:
        raise AnswerError(f"a track is (frames, 4), not {array.shape}")
    gone = np.atleast_1d(np.isnan(array).all(axis=1))
    return as_json([None if missing else box_of(row) for row, missing in zip(array, gone, strict=True)])


def write_tube(value: Any) -> Parts:
    """Boxes by frame."""
    if not isinstance(value, Mapping) or not value:
        raise AnswerError("a tube is {frame: [x, y, width, height]}")
    frames = {}
    for frame, box in value.items():
        if isinstance(frame, bool) or not isinstance(frame, (int, np.integer)) or frame < 0:
            raise AnswerError(f"{str(frame)[:40]} is no frame number from 0")
        frames[str(int(frame))] = box_of(box)
    return as_json(frames)


def object_masks(value: Any) -> Parts:
    """Objects' numbers by frame as run lengths of each."""
    masks = whole(value, "masks are (frames, height, width)", 3, 255)
    runs = {
        str(n): [rle_of(frame == n) if (frame == n).any() else None for frame in masks] for n in np.unique(masks) if n
    }
    # Without any object the last frame says how many there are.
    return as_json(runs or {"1": [*[None] * (len(masks) - 1), rle_of(masks[-1])]})


def object_masks_npz(value: Any) -> Parts:
    """Objects' numbers by frame as an array."""
    return as_npz(whole(value, "masks are (frames, height, width)", 3, 255).astype(np.uint8), "image")


def saliency_npz(value: Any) -> Parts:
    """Grey maps by frame as an array."""
    maps = whole(value, "maps are (frames, height, width)", 3, 255)
    return as_npz(maps.astype(np.uint8), "image")


def saliency_json(value: Any) -> Parts:
    """Maps of 0 and 255 as run lengths."""
    maps = whole(value, "maps are (frames, height, width)", 3, 255)
    if not np.isin(maps, (0, 255)).all():
        raise AnswerError("as JSON a map is 0 and 255 alone")
    return object_masks((maps > 0).astype(np.uint8))


# Points and things in space


def cloud_of(value: Any, what: str = "points are (count, 3)") -> npt.NDArray[np.float64]:
    """Checked points (count, 3)."""
    return numbers(value, what, 2, last=3)


def write_ply(value: Any) -> Parts:
    """Points, or a mesh as ``(vertices, faces)``."""
    if not isinstance(value, tuple):
        return ply_points(cloud_of(value))
    vertices, faces = _mesh(value)
    head = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(vertices)}\nproperty double x\nproperty double y\n"
        f"property double z\nelement face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    rows = np.zeros(len(faces), [("count", "u1"), ("corners", "<i4", 3)])
    rows["count"], rows["corners"] = 3, faces
    return (
        Part("points", data=head.encode() + vertices.astype("<f8").tobytes() + rows.tobytes(), media_type="model/ply"),
    )


def ply_points(points: npt.NDArray[np.float64]) -> Parts:
    """Checked points as PLY."""
    from genlevel.media import encode_ply

    return (Part("points", data=encode_ply(points), media_type="model/ply"),)


def write_obj(value: Any) -> Parts:
    """A mesh as OBJ."""
    vertices, faces = _mesh(value)
    lines = [*(f"v {x!r} {y!r} {z!r}" for x, y, z in vertices.tolist()), *(f"f {a} {b} {c}" for a, b, c in faces + 1)]
    return (Part("points", data=("\n".join(lines) + "\n").encode(), media_type="model/obj"),)


def _mesh(value: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    if not isinstance(value, tuple) or len(value) != 2:
        raise AnswerError("a mesh is (vertices, faces)")
    vertices = cloud_of(value[0], "vertices are (count, 3)")
    faces = whole(value[1], "faces are (count, 3), the numbers of their corners from 0", 2, len(vertices) - 1)
    if faces.shape[1] != 3:
        raise AnswerError(f"faces are (count, 3), not {faces.shape}")
    return vertices, faces


def point_labels(value: Any) -> Parts:
    """A label a point."""
    return as_json(whole(value, "labels are (count,), one a point", 1, 2**31 - 1).tolist())


def point_instances(value: Any) -> Parts:
    """``{label, points, score}``, indices from 0."""
    found = items(value, {"label": True, "points": True, "score": False}, "instances")
    for item in found:
        item["points"] = whole(item["points"], "points are indices from 0", 1, 2**31 - 1).tolist()
    return as_json(found)


def _space_box(value: Any) -> list[float]:
    box = numbers(value, "a box is [x, y, z, length, width, height, yaw]", 1, last=7)
    if box[3:6].min() < 0:
        raise AnswerError("a box has a negative size")
    found: list[float] = box.tolist()
    return found


def space_boxes(value: Any) -> Parts:
    """``{label, box, score}`` with boxes of 7 numbers."""
    return as_json([{**item, "box": _space_box(item["box"])} for item in items(value, BOXED, "objects")])


def space_tracks(value: Any) -> Parts:
    """For each frame a list of ``{id, label, box, score}``."""
    keys = {"id": True, **BOXED}
    frames = [items(frame, keys, "objects") for frame in value]
    return as_json([[{**item, "box": _space_box(item["box"])} for item in frame] for frame in frames])


def poses(value: Any) -> Parts:
    """Poses as 12 numbers a frame."""
    poses = numbers(value, "poses are (frames, 4, 4) or (frames, 3, 4)", 3, last=4)
    if poses.shape[1] not in (3, 4):
        raise AnswerError(f"poses are (frames, 4, 4) or (frames, 3, 4), not {poses.shape}")
    return as_json(poses[:, :3].reshape(len(poses), 12).tolist())


def motion_of(value: Any) -> npt.NDArray[np.float64]:
    """A checked motion."""
    return numbers(value, "a motion is (frames, features) or (frames, joints, 3)", (2, 3))

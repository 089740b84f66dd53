"""Answers as parts: the strict counterpart of the readers. What is written here is read back as it was.

A task type names the structure of its answers (``writes``), and a structure has one or several forms, the usual one first: JSON
that a text can hold, or a file. A value that is not exactly what the form asks for is refused; nothing is guessed or repaired.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from genlevel.errors import AnswerError, GenlevelError
from genlevel.tasktypes import write_images as images
from genlevel.tasktypes import write_space as space
from genlevel.tasktypes.write_checks import Parts, as_json, as_npy, as_npz, as_png, pixels

__all__ = ["forms_of", "write_structure"]

Writer = Callable[[Any], Parts]


def write_structure(structure: str, value: Any, form: str = "") -> Parts:
    """A value as parts of an answer.

    Args:
        structure: a name of :data:`WRITERS`.
        value: what the structure's metrics take.
        form: one of the structure's forms; '' for its usual one.

    Raises:
        AnswerError: the form is not known, or the value does not have the shape, type or range that is written.
    """
    forms = WRITERS[structure]
    form = form or next(iter(forms))
    if form not in forms:
        raise AnswerError(f"{structure} can be written as {' or '.join(forms)}, not as '{form}'")
    try:
        return forms[form](value)
    except AnswerError:
        raise
    except (GenlevelError, ValueError, TypeError, OverflowError, KeyError, AttributeError, RecursionError) as error:
        raise AnswerError(f"cannot be written as {structure} ({form}): {str(error) or type(error).__name__}") from None


def forms_of(structure: str) -> tuple[str, ...]:
    """The forms of a structure, the usual one first."""
    return tuple(WRITERS[structure])


WRITERS: Final[dict[str, dict[str, Writer]]] = {
    "text": {"text": images.write_text},
    "number": {"text": images.write_number},
    "numbers": {"json": images.number_list},
    "labels": {"json": images.write_labels},
    "ranking": {"json": images.write_ranking},
    "boxes": {"json": images.boxes},
    "keypoints": {"json": images.keypoints},
    "relations": {"json": images.triplets},
    "masks": {"json": images.masks},
    "segments": {"json": images.panoptic},
    "label map": {"png": images.label_map_png, "json": images.label_map_json},
    "matte": {"png": images.matte_png, "npy": lambda value: as_npy(images.share_map(value), "image")},
    "scores": {"npy": images.write_scores},
    "depth": {
        "npz": lambda value: as_npz(images.depth_of(value), "image"),
        "npy": lambda value: as_npy(images.depth_of(value), "image"),
        "json": lambda value: as_json(images.depth_of(value).tolist()),
    },
    "picture": {"png": lambda value: as_png(pixels(value, 3))},
    "film": {"png": images.film_frames, "mp4": images.film_mp4},
    "sound": {"wav": images.write_wav},
    "track": {"json": space.write_track},
    "tube": {"json": space.write_tube},
    "object masks": {"json": space.object_masks, "npz": space.object_masks_npz},
    "saliency": {"npz": space.saliency_npz, "json": space.saliency_json},
    "depths": {
        "npz": lambda value: as_npz(images.depths_of(value), "image"),
        "json": lambda value: as_json(images.depths_of(value).tolist()),
    },
    "flow": {
        "npz": lambda value: as_npz(images.field_of(value), "image"),
        "flo": images.write_flo,
        "json": lambda value: as_json(images.field_of(value).tolist()),
    },
    "shape": {
        "ply": space.write_ply,
        "obj": space.write_obj,
        "json": lambda value: as_json(space.cloud_of(value).tolist()),
    },
    "normals": {
        "json": lambda value: as_json(space.cloud_of(value, "normals are (count, 3)").tolist()),
        "ply": lambda value: space.ply_points(space.cloud_of(value, "normals are (count, 3)")),
    },
    "point labels": {"json": space.point_labels},
    "point instances": {"json": space.point_instances},
    "space boxes": {"json": space.space_boxes},
    "space tracks": {"json": space.space_tracks},
    "poses": {"json": space.poses},
    "motion": {
        "npy": lambda value: as_npy(space.motion_of(value), "points"),
        "json": lambda value: as_json(space.motion_of(value).tolist()),
    },
}
"""A writer for each structure and form, the usual form first."""

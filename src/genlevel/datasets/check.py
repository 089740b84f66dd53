"""Looking a dataset over before it is used: what is there, what is missing, what cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.annotations import DuplicateId
from genlevel.datasets.base import Dataset
from genlevel.datasets.paths import MissingMedia, resolve_media
from genlevel.errors import DataError, GenlevelError, RecordError
from genlevel.media import MediaError, image_size, load_audio, load_frames, load_image, load_points
from genlevel.records import Part, Record, Sample

Reader = Callable[[Record], Sample]

MEDIA_KEYS: Final = (
    *("image_file", "image_file_list", "image_path", "image", "images", "audio_file", "audio_path", "audio"),
    *("video_file", "video_file_list", "video_path", "video_folder", "video", "pointcloud_file", "point_cloud_file"),
)
"""Keys of an entry or its input whose values are paths; used where no task type reads the entry."""


@dataclass
class Check:
    """What was found in one dataset. ``problems`` holds the first few lines, the counts are complete.

    ``samples`` are the entries that can be used, ``closed`` those of them without a reference. ``reader`` is False if no task
    type read the entries, so that only ids and paths were looked at. ``unlisted`` are samples whose right answer is none of
    their options; ``misfit`` says why the task's metric cannot measure its answers, '' where it can.
    """

    dataset: Dataset
    reader: bool
    keep: int = 10
    samples: int = 0
    closed: int = 0
    train: int = 0
    missing_media: int = 0
    broken_media: int = 0
    unreadable: int = 0
    duplicates: int = 0
    unlisted: int = 0
    misfit: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """How many things are wrong."""
        return (
            self.missing_media
            + self.broken_media
            + self.unreadable
            + self.duplicates
            + self.unlisted
            + bool(self.misfit)
        )

    def note(self, line: object) -> None:
        """Keep a problem's line, if there is room."""
        if len(self.problems) < self.keep:
            self.problems.append(str(line))


def check_dataset(dataset: Dataset, read: Reader | None, *, keep: int = 10, decode: bool = False) -> Check:
    """Read every entry of a dataset, test and train, and look for its media.

    Args:
        dataset: what to check.
        read: the task type's reader; without one, media are found by the usual keys.
        keep: how many problems to keep as text.
        decode: decode all media, instead of looking at the headers of images only.
    """
    check = Check(dataset, read is not None, keep)
    for split in ("test", "train"):
        try:
            for record in dataset.records(split):
                _check_record(check, record, read, split, decode)
        except DataError as error:
            check.unreadable += 1
            check.note(error)
    return check


def _check_record(check: Check, record: Record | RecordError, read: Reader | None, split: str, decode: bool) -> None:
    try:
        if isinstance(record, RecordError):
            raise record
        parts, closed, unlisted = _read(record, read)
        if unlisted:
            check.unlisted += 1
            check.note(f"{record.where}: the right answer '{unlisted[:80]}' is none of the options")
        for part in parts:
            _check_part(part, decode)
    except DuplicateId as error:
        check.duplicates += 1
        check.note(error)
    except MissingMedia as error:
        check.missing_media += 1
        _note_at(check, record, error)
    except MediaError as error:
        check.broken_media += 1
        _note_at(check, record, error)
    except GenlevelError as error:
        check.unreadable += 1
        _note_at(check, record, error)
    else:
        if split == "train":
            check.train += 1
        else:
            check.samples += 1
            check.closed += closed


def _note_at(check: Check, record: Record | RecordError, error: GenlevelError) -> None:
    """Keep an error's line, with the record's place unless it says that itself."""
    text = str(error)
    check.note(text if _where(record) in text else f"{_where(record)}: {text}")


def _where(record: Record | RecordError) -> str:
    return record.where if isinstance(record, Record) else str(record)


def _read(record: Record, read: Reader | None) -> tuple[list[Part], bool, str]:
    """The media of a record, whether it lacks a reference, and its right answer if that is none of its options."""
    if read is None:
        return list(_named_media(record)), "output" not in record.value, ""
    try:
        sample = read(record)
    except GenlevelError:
        raise
    except Exception as error:  # a check must not stop at one odd entry; the type names the reader's fault
        raise RecordError(f"{record.where}: its task type cannot read it ({type(error).__name__}: {error})") from None
    return [*sample.input, *_parts_in(sample.reference)], sample.reference is None, sample.extra.get("unlisted", "")


def _parts_in(value: Any) -> Iterator[Part]:
    if isinstance(value, Part):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value[:1000]:
            yield from _parts_in(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _parts_in(item)


def _named_media(record: Record) -> Iterator[Part]:
    inside = record.value.get("input")
    for source in (record.value, inside if isinstance(inside, Mapping) else {}):
        for key in MEDIA_KEYS:
            value = source.get(key)
            names = value if isinstance(value, list) else [value]
            kind = next((k for k in ("image", "audio", "video") if key.startswith(k)), "points")
            for name in names:
                if name is not None:
                    path = resolve_media(record.folder, name)
                    yield Part(kind, path=path)  # type: ignore[arg-type]


def _check_part(part: Part, decode: bool) -> None:
    """Look at a medium.

    Raises:
        MissingMedia: its file is not there.
        MediaError: it cannot be read.
    """
    if part.path is None:
        return
    if not part.path.exists():
        raise MissingMedia(f"{part.path}: no such file")
    if decode:
        _DECODERS.get(part.kind, _nothing)(part)
    elif part.kind == "image" and _is_picture(part.path):
        image_size(part)


def _is_picture(path: Path) -> bool:
    # Depth and label maps may be stored as arrays.
    return path.is_file() and path.suffix.lower() not in {".npy", ".npz"}


def _nothing(_part: Part) -> None:
    return


_DECODERS: Final[dict[str, Callable[[Part], Any]]] = {
    "image": lambda part: load_image(part) if part.path is not None and _is_picture(part.path) else None,
    "audio": load_audio,
    "video": load_frames,
    "points": load_points,
}

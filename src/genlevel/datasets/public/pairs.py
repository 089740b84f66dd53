"""Sets of picture pairs, one of which is made from the other: restoration, depth, mattes, sketches, maps of labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Entry, Item, Reader
from genlevel.datasets.public.folder import IMAGES, Folder
from genlevel.errors import DataError, RecordError

__all__ = ["Form", "Pairs"]

_DEPTH: Final = 4


@dataclass(frozen=True)
class Form:
    """One way in which a set is laid out.

    ``shown`` and ``wanted`` are folders; a picture below ``shown`` (in folders of its own, too) has its partner at the same
    place below ``wanted``, with the name that ``partner`` makes of its own (without suffix; '' for a picture that is none of
    the set). Suffixes may differ.
    """

    shown: str
    wanted: str
    partner: Callable[[str], str] = str
    suffixes: tuple[str, ...] = tuple(sorted(IMAGES))


@dataclass(frozen=True)
class Pairs(Reader):
    """Pictures with their partners, in the first form that the folder has."""

    forms: tuple[Form, ...]
    layout: str = ""
    prompt: str = ""
    key: str = "image_file"
    """The key of ``output`` for the partner."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The header's ``others``."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the input."""

    @property
    def header(self) -> Mapping[str, Any]:
        """The options."""
        return {"others": self.options} if self.options else {}

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The folders of the partners and of the pictures that are shown, of the first form of which there are both."""
        form = self._form(folder)
        if form is None:
            forms = " or ".join(f"{f.shown or 'pictures'} with {f.wanted or 'their partners'}" for f in self.forms)
            raise DataError(f"has no {forms}")
        places = [folder.path_of(place) if place else folder.path for place in (form.wanted, form.shown)]
        return tuple(dict.fromkeys(p for p in places if p is not None))

    def _form(self, folder: Folder) -> Form | None:
        for form in self.forms:
            if all(not place or folder.find(place) is not None for place in (form.shown, form.wanted)):
                first = next((f for f in _below(folder, form.shown, form.suffixes) if form.partner(_stem(f))), None)
                if first is not None:
                    return form
        return None

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a picture that is shown, in order of their paths."""
        form = self._form(folder)
        for file in _below(folder, form.shown, form.suffixes) if form is not None else ():
            if form is not None and form.partner(_stem(file)):
                yield file, partial(self._entry, folder, form, file)

    def _entry(self, folder: Folder, form: Form, file: str) -> Entry:
        shown = folder.find(form.shown) if form.shown else ""
        inside = file.removeprefix(f"{shown}/") if shown else file
        place = inside.rpartition("/")[0]
        name = form.partner(_stem(file))
        wanted = "/".join(p for p in (form.wanted, *_partner_place(place, form)) if p)
        value = {**({"prompt": self.prompt} if self.prompt else {}), **self.more}
        record = {"input": {"image_file": file, **value}, "output": {self.key: partner_file(folder, wanted, name)}}
        return inside.rpartition(".")[0], record


def _partner_place(place: str, form: Form) -> tuple[str, ...]:
    return (place,) if place else ()


def partner_file(folder: Folder, place: str, name: str, suffixes: tuple[str, ...] = (*sorted(IMAGES), ".npy")) -> str:
    """A picture by its name without suffix.

    Raises:
        MissingMedia: there is none.
    """
    for suffix in suffixes:
        found = folder.find(f"{place}/{name}{suffix}" if place else f"{name}{suffix}")
        if found is not None:
            return found
    return folder.media(f"{name}.png", place or "")


def _below(folder: Folder, place: str, suffixes: tuple[str, ...], depth: int = _DEPTH) -> Iterator[str]:
    """Files with one of the suffixes in a folder and in the folders below it, in order."""
    start = folder.find(place) if place else ""
    if start is None:
        return
    yield from folder.files(start, suffixes)
    for inner in folder.folders(start) if depth else ():
        yield from _below(folder, inner, suffixes, depth - 1)


def _stem(file: str) -> str:
    return file.rpartition("/")[2].rpartition(".")[0]

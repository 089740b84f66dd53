"""Pictures to change: PIE-Bench and VITON-HD."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Entry, Item, Reader, need
from genlevel.datasets.public.fields import lines, mapping, text
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.stream import members
from genlevel.errors import RecordError

__all__ = ["PIE_BENCH", "VITON_HD"]


@dataclass(frozen=True)
class PieBench(Reader):
    """Pictures with a description before and after the edit; the picture before the edit stands for the reference.

    Nobody published how the edited pictures should look: LPIPS tells how much of the picture was kept.
    """

    layout: str = "mapping_file.json\nannotation_images/0_random_140/000000000000.jpg"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The file of edits."""
        return (need(folder, "mapping_file.json"),)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry an edit."""
        for item in members(labels[0]):
            if isinstance(item, RecordError):
                yield item
            else:
                yield f"edit {item[0]}", partial(self._entry, folder, *item)

    @staticmethod
    def _entry(folder: Folder, key: str, edit: Any) -> Entry:
        file = folder.media(text(mapping(edit), "image_path"), "annotation_images")
        # Brackets mark the words that change.
        before, after = (text(edit, k).replace("[", "").replace("]", "") for k in ("original_prompt", "editing_prompt"))
        said = edit.get("editing_instruction")
        lead = f"{said.strip()}\n" if isinstance(said, str) and said.strip() else ""
        shown = {
            "image_file": file,
            "prompt": f"{lead}The image shows: {before}. Change it to: {after}. Leave all else as it is.",
        }
        return key, {"input": shown, "output": {"image_file": file}}


@dataclass(frozen=True)
class VitonHd(Reader):
    """Persons whose upper body is masked out, and the garment that they wear."""

    layout: str = "test_pairs.txt\ntest/agnostic-v3.2/00006_00.jpg\ntest/cloth/00006_00.jpg\ntest/image/00006_00.jpg"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The list of the test split, and the folder of persons."""
        for place in ("agnostic-v3.2", "cloth", "image"):
            need(folder, f"test/{place}", *(("test/agnostic",) if place.startswith("a") else ()))
        return need(folder, "test_pairs.txt"), need(folder, "test/image")

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a person, in the order of the list."""
        for at, line in lines(labels[0]):
            yield f"line {at}", partial(self._entry, folder, line.split()[0])

    @staticmethod
    def _entry(folder: Folder, name: str) -> Entry:
        masked = folder.media(name, "test/agnostic-v3.2", "test/agnostic")
        shown = {
            "image_file_list": [masked, folder.media(name, "test/cloth")],
            "prompt": "The first image shows a person without the upper body's clothes. Dress the person with the garment of "
            "the second image.",
        }
        output = {"image_file": folder.media(name, "test/image")}
        return name.rpartition(".")[0] or name, {"input": shown, "output": output}


PIE_BENCH: Final = PieBench()
VITON_HD: Final = VitonHd()

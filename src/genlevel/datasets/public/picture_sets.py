"""The sets of picture pairs of the 2024 edition, each with the layouts in which it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from genlevel.datasets.public.base import Entry, Item, Reader, need
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.pairs import Form, Pairs, partner_file
from genlevel.datasets.public.segmentation import city_pictures
from genlevel.errors import RecordError

__all__ = [
    *("ADE20K_SYNTHESIS", "AM2K", "CITYSCAPES_SYNTHESIS", "GOPRO", "HIDE", "LOL", "MVTEC", "NYU_DEPTH", "SCRIBBLE"),
    *("SIDD", "SKETCHYCOCO", "SUPER_RESOLUTION"),
]


def _swap(old: str, new: str) -> Callable[[str], str]:
    """The partner's name: ``old`` in a name becomes ``new``; a name without it is none of the set."""
    return partial(_swapped, old, new)


def _swapped(old: str, new: str, name: str) -> str:
    return name.replace(old, new) if old in name else ""


def _folded(old: str, new: str, name: str) -> str:
    """:func:`_swapped` in any case."""
    at = name.casefold().find(old.casefold())
    return f"{name[:at]}{new}{name[at + len(old) :]}" if at >= 0 else ""


LOL: Final = Pairs(
    (Form("eval15/low", "eval15/high"),),
    layout="eval15/low/1.png\neval15/high/1.png",
    prompt="Make the dark picture as bright as by good light.",
)
NYU_DEPTH: Final = Pairs(
    (
        Form("official_splits/test", "official_splits/test", _swap("rgb_", "sync_depth_")),
        Form("test", "test", _swap("rgb_", "sync_depth_")),
        Form("nyu2_test", "nyu2_test", _swap("_colors", "_depth")),
        Form("rgb", "depth"),
        Form("images", "depths"),
    ),
    layout="official_splits/test/bathroom/rgb_00045.jpg\nofficial_splits/test/bathroom/sync_depth_00045.png\n\n"
    "or rgb/0001.png\ndepth/0001.png or depth/0001.npy; PNG: 16 bits, millimetres",
    key="depth_file",
    options={"depth_scale": 0.001},
)
AM2K: Final = Pairs(
    (Form("validation/original", "validation/mask"),),
    layout="validation/original/m_0a5e9b2c.jpg\nvalidation/mask/m_0a5e9b2c.png",
    prompt="Cut the animal out of the image.",
    key="matte_file",
)
SKETCHYCOCO: Final = Pairs(
    (
        Form("Scene/Sketch/paper_version/val", "Scene/GT/val"),
        Form("Scene/Sketch/paper_version/valInTrain", "Scene/GT/valInTrain"),
    ),
    layout="Scene/Sketch/paper_version/val/1204.png\nScene/GT/val/1204.png",
)
SCRIBBLE: Final = Pairs(
    (Form("testA", "testB"), Form("test/sketch", "test/photo"), Form("sketch", "photo")),
    layout="testA/pineapple_1.png (the scribble)\ntestB/pineapple_1.png (the picture)",
)
SIDD: Final = Pairs(
    (
        Form("val/input_crops", "val/target_crops"),
        Form("input_crops", "target_crops"),
        Form("val/input", "val/target"),
        Form("noisy", "clean"),
        Form("Data", "Data", partial(_folded, "NOISY_SRGB", "GT_SRGB")),
    ),
    layout="val/input_crops/0001.png (a copy of the validation blocks in PNG)\nval/target_crops/0001.png\n\n"
    "or Data/0001_001_S6_00100_00060_3200_L/0001_NOISY_SRGB_010.PNG\n"
    "Data/0001_001_S6_00100_00060_3200_L/0001_GT_SRGB_010.PNG",
)
ADE20K_SYNTHESIS: Final = Pairs(
    (Form("annotations/validation", "images/validation", suffixes=(".png",)),),
    layout="annotations/validation/ADE_val_00000001.png (0 none, 1 to 150 the classes)\n"
    "images/validation/ADE_val_00000001.jpg\n\n(ADEChallengeData2016 as unpacked)",
    prompt="Turn the map of labels into the photo that it stands for.",
)


@dataclass(frozen=True)
class SuperResolution(Reader):
    """Small pictures and the large ones that they were made from, twofold."""

    layout: str = (
        "HR/baboon.png\nLR_bicubic/X2/baboonx2.png\n\nor image_SRF_2/img_001_SRF_2_LR.png\nimage_SRF_2/img_001_SRF_2_HR.png"
        "\n\nor <name>_HR/baboon.png\n<name>_LR_x2/baboon.png (the hub's copies)"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The folder of the large pictures."""
        return tuple(folder.path / place for place in dict.fromkeys(self._form(folder)[:2][::-1]))

    @staticmethod
    def _form(folder: Folder) -> tuple[str, str, Callable[[str], str]]:
        """Where the small and the large pictures are, and the name of the large one by that of the small one."""
        large, small = folder.find("HR", "GTmod12", "original"), folder.find("LR_bicubic/X2", "LRbicx2", "LR/X2")
        if large is not None and small is not None:
            return small, large, _without_scale
        both = folder.find("image_SRF_2")
        if both is not None:
            return both, both, _swap("_LR", "_HR")
        names = {path.casefold(): path for path in folder.folders()}
        small = next((path for name, path in names.items() if name.endswith("_lr_x2")), None)
        large = names.get(small.casefold().removesuffix("_lr_x2") + "_hr") if small is not None else None
        if small is not None and large is not None:
            return small, large, _without_scale
        need(folder, "HR with LR_bicubic/X2", "image_SRF_2")
        raise AssertionError

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a small picture."""
        small, large, partner = self._form(folder)
        for file in folder.files(small):
            name = partner(file.rpartition("/")[2].rpartition(".")[0])
            if name:
                yield file, partial(self._entry, folder, file, large, name)

    @staticmethod
    def _entry(folder: Folder, file: str, large: str, name: str) -> Entry:
        shown = {"image_file": file, "prompt": "Make the image twice as wide and twice as high.", "scale": 2}
        return name, {"input": shown, "output": {"image_file": partner_file(folder, large, name)}}


def _without_scale(name: str) -> str:
    return name.removesuffix("x2")


@dataclass(frozen=True)
class GoPro(Reader):
    """Blurred frames and sharp ones, a folder a film."""

    layout: str = "test/GOPR0384_11_00/blur/000001.png\ntest/GOPR0384_11_00/sharp/000001.png"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The folder of the test films."""
        test = need(folder, "test")
        if not any(folder.find(f"{film}/blur") and folder.find(f"{film}/sharp") for film in folder.folders("test")):
            need(folder, "test/<film>/blur with test/<film>/sharp")
        return (test,)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a frame."""
        for film in folder.folders("test"):
            for file in folder.files(f"{film}/blur"):
                yield file, partial(self._entry, folder, film, file)

    @staticmethod
    def _entry(folder: Folder, film: str, file: str) -> Entry:
        name = file.rpartition("/")[2]
        shown = {"image_file": file, "prompt": "Make the blurred picture sharp."}
        key = f"{film.rpartition('/')[2]}/{name.rpartition('.')[0]}"
        return key, {"input": shown, "output": {"image_file": folder.media(name, f"{film}/sharp")}}


@dataclass(frozen=True)
class Hide(Reader):
    """Blurred pictures of people, near and far, and the sharp ones, all in one folder."""

    layout: str = (
        "test/test-close-ups/1fromGOPR1096.MP4.png\ntest/test-long-shot/4fromGOPR0950.png\nGT/1fromGOPR1096.MP4.png"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The folder of the sharp pictures."""
        need(folder, "test")
        return need(folder, "GT"), need(folder, "test")

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a picture."""
        for place in ("test", *folder.folders("test")):
            for file in folder.files(place):
                yield file, partial(self._entry, folder, file)

    @staticmethod
    def _entry(folder: Folder, file: str) -> Entry:
        name = file.rpartition("/")[2]
        shown = {"image_file": file, "prompt": "Make the blurred picture sharp."}
        return name.rpartition(".")[0], {"input": shown, "output": {"image_file": folder.media(name, "GT")}}


@dataclass(frozen=True)
class CityscapesSynthesis(Reader):
    """Coloured maps of labels and the photos of the validation cities."""

    layout: str = (
        "gtFine/val/frankfurt/frankfurt_000000_000294_gtFine_color.png\n"
        "leftImg8bit/val/frankfurt/frankfurt_000000_000294_leftImg8bit.png"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The folder of the photos."""
        return need(folder, "leftImg8bit/val"), need(folder, "gtFine/val")

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a photo."""
        for file, name in city_pictures(folder):
            yield file, partial(self._entry, folder, file, name)

    @staticmethod
    def _entry(folder: Folder, file: str, name: str) -> Entry:
        city = file.rsplit("/", 2)[-2]
        shown = {
            "image_file": folder.media(f"{city}/{name}_gtFine_color.png", "gtFine/val"),
            "prompt": "Turn the coloured map of labels into the photo of a street that it stands for.",
        }
        return name, {"input": shown, "output": {"image_file": file}}


@dataclass(frozen=True)
class MvTec(Reader):
    """Test pictures of all categories; a defect's pixels stand in a mask, a good one has none."""

    layout: str = (
        "bottle/test/good/000.png\nbottle/test/broken_large/000.png\nbottle/ground_truth/broken_large/000_mask.png"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The categories' folders."""
        found = [c for c in folder.folders() if folder.find(f"{c}/test") and folder.find(f"{c}/ground_truth")]
        if not found:
            need(folder, "<category>/test with <category>/ground_truth")
        return tuple(folder.path / c / part for c in found for part in ("test", "ground_truth"))

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a picture."""
        for category in folder.folders():
            for kind in folder.folders(f"{category}/test") if folder.find(f"{category}/ground_truth") else ():
                for file in folder.files(kind):
                    yield file, partial(self._entry, folder, category, kind.rpartition("/")[2], file)

    @staticmethod
    def _entry(folder: Folder, category: str, kind: str, file: str) -> Entry:
        name = file.rpartition("/")[2].rpartition(".")[0]
        mask = None
        if kind != "good":
            mask = folder.media(f"{name}_mask.png", f"{category}/ground_truth/{kind}")
        thing = category.replace("_", " ")
        shown = {"image_file": file, "prompt": f"Find what is not as it should be in the picture of a {thing}."}
        return f"{category}/{kind}/{name}", {"input": shown, "output": {"mask_file": mask}}


SUPER_RESOLUTION: Final = SuperResolution()
GOPRO: Final = GoPro()
HIDE: Final = Hide()
CITYSCAPES_SYNTHESIS: Final = CityscapesSynthesis()
MVTEC: Final = MvTec()

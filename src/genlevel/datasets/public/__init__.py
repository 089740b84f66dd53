"""Public datasets in the formats in which they are published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from genlevel.datasets.public.base import Reader
from genlevel.errors import RecordError
from genlevel.records import Record
from genlevel.registry import Registry

__all__ = ["FORMATS", "read"]

_HERE = "genlevel.datasets.public"

FORMATS = Registry(
    "data format",
    "genlevel.data_formats",
    {
        "ade20k-instances": f"{_HERE}.segmentation:ADE20K_INSTANCES",
        "ade20k-panoptic": f"{_HERE}.segmentation:ADE20K_PANOPTIC",
        "ade20k-synthesis": f"{_HERE}.picture_sets:ADE20K_SYNTHESIS",
        "am-2k": f"{_HERE}.picture_sets:AM2K",
        "carpk": f"{_HERE}.counting:CARPK",
        "celeba-hq": f"{_HERE}.inpainting:CELEBA_HQ",
        "cifar-100": f"{_HERE}.cifar:CIFAR100",
        "cityscapes-instances": f"{_HERE}.segmentation:CITYSCAPES_INSTANCES",
        "cityscapes-panoptic": f"{_HERE}.segmentation:CITYSCAPES_PANOPTIC",
        "cityscapes-synthesis": f"{_HERE}.picture_sets:CITYSCAPES_SYNTHESIS",
        "coco-captions": f"{_HERE}.coco:CAPTIONS",
        "coco-detection": f"{_HERE}.coco:DETECTION",
        "coco-stuff-layout": f"{_HERE}.coco:STUFF_LAYOUT",
        "coco-text-to-image": f"{_HERE}.coco:TEXT_TO_IMAGE",
        "cub": f"{_HERE}.described:CUB",
        "docvqa": f"{_HERE}.vqa:DOCVQA",
        "ffhq": f"{_HERE}.inpainting:FFHQ",
        "flickr30k": f"{_HERE}.flickr:FLICKR30K",
        "fsc147": f"{_HERE}.counting:FSC147",
        "gopro": f"{_HERE}.picture_sets:GOPRO",
        "gqa": f"{_HERE}.vqa:GQA",
        "hide": f"{_HERE}.picture_sets:HIDE",
        "imagenet": f"{_HERE}.described:IMAGENET",
        "lol": f"{_HERE}.picture_sets:LOL",
        "mm-celeba-hq": f"{_HERE}.described:MM_CELEBA_HQ",
        "mvtec-ad": f"{_HERE}.picture_sets:MVTEC",
        "nyu-depth": f"{_HERE}.picture_sets:NYU_DEPTH",
        "ochuman": f"{_HERE}.coco:OCHUMAN",
        "ok-vqa": f"{_HERE}.vqa:OK_VQA",
        "pie-bench": f"{_HERE}.editing:PIE_BENCH",
        "places2": f"{_HERE}.inpainting:PLACES2",
        "refcoco": f"{_HERE}.refcoco:REFCOCO",
        "scribble": f"{_HERE}.picture_sets:SCRIBBLE",
        "sidd": f"{_HERE}.picture_sets:SIDD",
        "sketchycoco": f"{_HERE}.picture_sets:SKETCHYCOCO",
        "super-resolution": f"{_HERE}.picture_sets:SUPER_RESOLUTION",
        "textocr": f"{_HERE}.textocr:TEXTOCR",
        "visual-genome-layout": f"{_HERE}.visual_genome:VISUAL_GENOME",
        "viton-hd": f"{_HERE}.editing:VITON_HD",
        "vizwiz": f"{_HERE}.vqa:VIZWIZ",
        "voc-segmentation": f"{_HERE}.segmentation:VOC",
        "vqav2": f"{_HERE}.vqa:VQAV2",
    },
)
"""Readers by the name of their format, as the table of sources names it."""


def read(name: str, folder: Path, labels: tuple[Path, ...]) -> Iterator[Record | RecordError]:
    """The records of a dataset in the format called ``name``.

    Raises:
        DataError: a label file as a whole cannot be read.
    """
    reader: Reader = FORMATS.load(name)
    return reader.records(folder, labels)

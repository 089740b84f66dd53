"""Public datasets in the formats in which they are published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from genlevel.datasets.public.base import Reader
from genlevel.errors import DataError, RecordError
from genlevel.records import Record
from genlevel.registry import Registry

__all__ = ["COPY", "FORMATS", "read", "reader"]

_HERE = "genlevel.datasets.public"

COPY = "copy:"
"""Begins the name of the reader of a copy on the hub."""

FORMATS = Registry(
    "data format",
    "genlevel.data_formats",
    {
        "20-newsgroups": f"{_HERE}.language.classification:NEWSGROUPS",
        "ace-2005": f"{_HERE}.language.marked_up:ACE_2005",
        "ade20k-instances": f"{_HERE}.segmentation:ADE20K_INSTANCES",
        "ade20k-panoptic": f"{_HERE}.segmentation:ADE20K_PANOPTIC",
        "ade20k-synthesis": f"{_HERE}.picture_sets:ADE20K_SYNTHESIS",
        "ag-news": f"{_HERE}.language.classification:AG_NEWS",
        "am-2k": f"{_HERE}.picture_sets:AM2K",
        "carpk": f"{_HERE}.counting:CARPK",
        "celeba-hq": f"{_HERE}.inpainting:CELEBA_HQ",
        "cifar-100": f"{_HERE}.cifar:CIFAR100",
        "cityscapes-instances": f"{_HERE}.segmentation:CITYSCAPES_INSTANCES",
        "cityscapes-panoptic": f"{_HERE}.segmentation:CITYSCAPES_PANOPTIC",
        "cityscapes-synthesis": f"{_HERE}.picture_sets:CITYSCAPES_SYNTHESIS",
        "cnn-daily-mail": f"{_HERE}.language.questions:CNN_DAILY_MAIL",
        "coco-captions": f"{_HERE}.coco:CAPTIONS",
        "coco-detection": f"{_HERE}.coco:DETECTION",
        "coco-stuff-layout": f"{_HERE}.coco:STUFF_LAYOUT",
        "coco-text-to-image": f"{_HERE}.coco:TEXT_TO_IMAGE",
        "conll-2003": f"{_HERE}.language.conll:CONLL_2003",
        "conll-2014": f"{_HERE}.language.conll:CONLL_2014",
        "conll-ner": f"{_HERE}.language.conll:NER",
        "coqa": f"{_HERE}.language.questions:COQA",
        "cub": f"{_HERE}.described:CUB",
        "dbpedia": f"{_HERE}.language.classification:DBPEDIA",
        "dialogre": f"{_HERE}.language.relations:DIALOGRE",
        "docred": f"{_HERE}.language.relations:DOCRED",
        "docvqa": f"{_HERE}.vqa:DOCVQA",
        "fakenewsnet": f"{_HERE}.language.classification:FAKENEWSNET",
        "ffhq": f"{_HERE}.inpainting:FFHQ",
        "flickr30k": f"{_HERE}.flickr:FLICKR30K",
        "fsc147": f"{_HERE}.counting:FSC147",
        "gopro": f"{_HERE}.picture_sets:GOPRO",
        "gqa": f"{_HERE}.vqa:GQA",
        "hide": f"{_HERE}.picture_sets:HIDE",
        "hotpotqa": f"{_HERE}.language.questions:HOTPOTQA",
        "imagenet": f"{_HERE}.described:IMAGENET",
        "imdb": f"{_HERE}.language.classification:IMDB",
        "lol": f"{_HERE}.picture_sets:LOL",
        "mm-celeba-hq": f"{_HERE}.described:MM_CELEBA_HQ",
        "ms-marco": f"{_HERE}.language.questions:MS_MARCO",
        "multirc": f"{_HERE}.language.questions:MULTIRC",
        "mvtec-ad": f"{_HERE}.picture_sets:MVTEC",
        "newsqa": f"{_HERE}.language.questions:NEWSQA",
        "nyu-depth": f"{_HERE}.picture_sets:NYU_DEPTH",
        "ochuman": f"{_HERE}.coco:OCHUMAN",
        "ok-vqa": f"{_HERE}.vqa:OK_VQA",
        "ontonotes": f"{_HERE}.language.conll:ONTONOTES",
        "pie-bench": f"{_HERE}.editing:PIE_BENCH",
        "places2": f"{_HERE}.inpainting:PLACES2",
        "quora": f"{_HERE}.language.classification:QUORA",
        "race": f"{_HERE}.language.questions:RACE",
        "record": f"{_HERE}.language.questions:RECORD",
        "refcoco": f"{_HERE}.refcoco:REFCOCO",
        "scribble": f"{_HERE}.picture_sets:SCRIBBLE",
        "semeval-14": f"{_HERE}.language.marked_up:SEMEVAL_14",
        "semeval-2010-task-8": f"{_HERE}.language.relations:SEMEVAL_2010",
        "sidd": f"{_HERE}.picture_sets:SIDD",
        "sketchycoco": f"{_HERE}.picture_sets:SKETCHYCOCO",
        "snips": f"{_HERE}.language.classification:SNIPS",
        "snli": f"{_HERE}.language.classification:SNLI",
        "squad": f"{_HERE}.language.questions:SQUAD",
        "sst": f"{_HERE}.language.classification:SST",
        "super-resolution": f"{_HERE}.picture_sets:SUPER_RESOLUTION",
        "textocr": f"{_HERE}.textocr:TEXTOCR",
        "trec": f"{_HERE}.language.classification:TREC",
        "upb": f"{_HERE}.language.conll:UPB",
        "visual-genome-layout": f"{_HERE}.visual_genome:VISUAL_GENOME",
        "viton-hd": f"{_HERE}.editing:VITON_HD",
        "vizwiz": f"{_HERE}.vqa:VIZWIZ",
        "voc-segmentation": f"{_HERE}.segmentation:VOC",
        "vqav2": f"{_HERE}.vqa:VQAV2",
        "yelp": f"{_HERE}.language.classification:YELP",
    },
)
"""Readers by the name of their format, as the table of sources names it."""


def read(name: str, folder: Path, labels: tuple[Path, ...]) -> Iterator[Record | RecordError]:
    """The records of a dataset in the format called ``name``.

    Raises:
        DataError: a label file as a whole cannot be read.
    """
    return reader(name).records(folder, labels)


def reader(name: str) -> Reader:
    """The reader of a format; that of a task's copy on the hub is called ``copy:<task id>``."""
    if name.startswith(COPY):
        from genlevel.datasets.public.copies import reader_of

        found: Reader | None = reader_of(name.removeprefix(COPY))
        if found is None:
            raise DataError(f"no copy on the hub is known for {name.removeprefix(COPY)}")
        return found
    loaded: Reader = FORMATS.load(name)
    return loaded

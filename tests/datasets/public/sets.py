"""All 47 sets: the task, the folder in which its publisher's files are put, what makes them, and how many samples they hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.datasets.public import made, seen


class Case(NamedTuple):
    task: str
    folder: str
    make: Callable[[Path], None]
    samples: int


C, G = "image.comprehension.", "image.generation."

CASES = [
    Case(C + "fsc147", "FSC147", seen.fsc147, 2),
    Case(C + "carpk", "carpk", seen.carpk, 2),
    Case(C + "textocr", "TextOCR", seen.textocr, 4),
    Case(C + "cifar-100", "cifar-100", seen.cifar100, 3),
    Case(C + "cifar-100", "CIFAR100", seen.cifar100_parquet, 3),
    Case(C + "flickr30k", "flickr30k", seen.flickr30k, 4),
    Case(C + "coco-caption", "coco", seen.coco, 3),
    Case(C + "nyu-v2", "NYUv2", seen.nyu, 2),
    Case(C + "am-2k", "AM-2k", seen.am2k, 2),
    Case(C + "ochuman", "OCHuman", seen.ochuman, 1),
    Case(C + "mscoco", "COCO2017", seen.coco, 3),
    Case(C + "refcoco", "refcoco", seen.refcoco, 4),
    Case(C + "refcoco", "RefCOCO", seen.refcoco_mdetr, 2),
    Case(C + "refcoco-plus", "refcoco+", seen.refcoco_parquet, 3),
    Case(C + "refcocog", "RefCOCOg", seen.refcoco, 4),
    Case(C + "pascal-voc-2012", "VOC2012", seen.voc, 2),
    Case(C + "cityscapes", "cityscapes", seen.cityscapes, 2),
    Case(C + "ade20k", "ADE20K", seen.ade20k, 2),
    Case(C + "ade20k", "ADEChallengeData2016", seen.ade20k_json, 1),
    Case(C + "cityscapes-panoptic-segmentation", "Cityscapes", seen.cityscapes, 2),
    Case(C + "ade20k-panoptic-segmentation", "ade20k", seen.ade20k, 2),
    Case(C + "mvtecad", "mvtec_anomaly_detection", seen.mvtec, 4),
    Case(C + "gqa", "GQA", seen.gqa, 2),
    Case(C + "vqav2", "vqav2", seen.vqav2, 2),
    Case(C + "vizwiz", "VizWiz", seen.vizwiz, 2),
    Case(C + "ok-vqa", "okvqa", seen.okvqa, 2),
    Case(C + "docvqa", "DocVQA", seen.docvqa, 2),
    Case(G + "multimodal-celeba-hq", "MM-CelebA-HQ", made.mm_celeba, 2),
    Case(G + "imagenet", "imagenet", made.imagenet, 2),
    Case(G + "imagenet", "ImageNet", made.imagenet_folders, 2),
    Case(G + "mscoco", "coco", seen.coco, 3),
    Case(G + "cub", "CUB-200-2011", made.cub, 2),
    Case(G + "scribble", "scribble", made.scribble, 2),
    Case(G + "sketchycoco", "SketchyCOCO", made.sketchycoco, 2),
    Case(G + "cocostuff", "cocostuff", seen.coco, 1),
    Case(G + "visual-genome", "visual_genome", made.visual_genome, 1),
    Case(G + "set14", "Set14", made.super_resolution, 2),
    Case(G + "set14", "set14", made.super_resolution_hub, 2),
    Case(G + "bsd100", "B100", made.super_resolution, 2),
    Case(G + "manga109", "Manga109", made.super_resolution, 2),
    Case(G + "urban100", "Urban100", made.super_resolution_srf, 2),
    Case(G + "places2", "places365", made.places2, 2),
    Case(G + "celeba-hq", "CelebAMask-HQ", made.celeba_hq, 2),
    Case(G + "ffhq", "ffhq-dataset", made.ffhq, 2),
    Case(G + "pie-bench", "PIE-Bench_v1", made.pie_bench, 2),
    Case(G + "viton-hd", "VITON-HD", made.viton_hd, 2),
    Case(G + "ade20k", "ADE20K", seen.ade20k, 2),
    Case(G + "cityscapes", "cityscapes", seen.cityscapes, 2),
    Case(G + "lol", "LOLdataset", made.lol, 2),
    Case(G + "sidd", "SIDD", made.sidd, 2),
    Case(G + "gopro", "GOPRO_Large", made.gopro, 2),
    Case(G + "hide", "HIDE", made.hide, 2),
]
IDS = [f"{case.task.removeprefix('image.')}-{case.make.__name__}" for case in CASES]

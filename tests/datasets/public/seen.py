"""Makers of the sets that are looked at, in their publishers' shapes and with their quirks."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from tests.datasets.public.files import palette_png, photo, pixels, save, write_json, write_text

# COCO's categories have gaps: 1 person, 3 car, 18 dog.
CATEGORIES = [
    {"supercategory": "person", "id": 1, "name": "person"},
    {"supercategory": "vehicle", "id": 3, "name": "car"},
    {"supercategory": "animal", "id": 18, "name": "dog"},
]


def coco_image(number: int, split: str = "val2017", **more: Any) -> dict[str, Any]:
    return {
        "license": 4,
        "file_name": f"{number:012d}.jpg",
        "coco_url": f"http://images.cocodataset.org/{split}/{number:012d}.jpg",
        "height": 24,
        "width": 32,
        "date_captured": "2013-11-14 17:02:52",
        "id": number,
        **more,
    }


def box(number: int, image: int, category: int, bbox: list[float], **more: Any) -> dict[str, Any]:
    x, y, w, h = bbox
    return {
        "segmentation": [[x, y, x + w, y, x + w, y + h, x, y + h]],
        "area": w * h * 0.9,
        "iscrowd": 0,
        "image_id": image,
        "bbox": bbox,
        "category_id": category,
        "id": number,
        **more,
    }


def coco(root: Path) -> None:
    """val2017: three images, one of them without an object, one with a crowd in run lengths."""
    images = [coco_image(n) for n in (139, 285, 632)]
    for image in images:
        photo(root / "val2017" / image["file_name"])
    crowd = {"iscrowd": 1, "segmentation": {"counts": [100, 50, 618], "size": [24, 32]}}
    annotations = [
        box(1, 139, 1, [2.0, 3.0, 20.0, 15.0]),
        box(2, 139, 18, [22.5, 4.25, 8.0, 12.0]),
        box(3, 139, 3, [0.0, 18.0, 20.0, 5.0]),
        box(900100000139, 139, 1, [4.0, 0.0, 3.0, 24.0], **crowd),
        box(5, 285, 18, [5.0, 5.0, 20.0, 16.0]),
    ]
    info = {"description": "COCO 2017 Dataset", "year": 2017}
    base = {"info": info, "licenses": [{"id": 4, "name": "Attribution License"}], "images": images}
    write_json(
        root / "annotations/instances_val2017.json", {**base, "annotations": annotations, "categories": CATEGORIES}
    )
    captions = [
        {"image_id": n, "id": 10 * n + k, "caption": f"A {what} number {k} stands here. \n"}
        for n, what in ((139, "man"), (285, "bear"), (632, "bed"))
        for k in range(5)
    ]
    write_json(root / "annotations/captions_val2017.json", {**base, "annotations": captions})
    stuff = [
        {"supercategory": "plant", "id": 124, "name": "grass"},
        {"supercategory": "other", "id": 183, "name": "other"},
    ]
    areas = [box(10, 139, 124, [0.0, 12.0, 32.0, 12.0]), box(11, 139, 183, [0.0, 0.0, 32.0, 24.0])]
    write_json(root / "annotations/stuff_val2017.json", {**base, "annotations": areas, "categories": stuff})


def ochuman(root: Path) -> None:
    names = ["nose", "left_eye", "right_eye"]
    images = [{"id": 1, "file_name": "000001.jpg", "height": 240, "width": 320}]
    photo(root / "images/000001.jpg", 240, 320)
    people = [
        {
            "image_id": 1,
            "id": i,
            "category_id": 1,
            "iscrowd": 0,
            "num_keypoints": marked,
            "area": 9000.0,
            "bbox": [20 + 100 * i, 30, 90, 100],
            "keypoints": points,
            "segmentation": [],
        }
        for i, marked, points in (
            (0, 3, [40, 50, 2, 60, 55, 1, 80, 90, 2]),
            (1, 3, [140, 50, 2, 160, 55, 2, 180, 90, 2]),
            (2, 0, [0, 0, 0, 0, 0, 0, 0, 0, 0]),
        )
    ]
    kinds = [{"id": 1, "name": "person", "keypoints": names, "skeleton": []}]
    document = {"images": images, "annotations": people, "categories": kinds}
    write_json(root / "ochuman_coco_format_test_range_0.00_1.00.json", document)


def karpathy(name: str, files: list[tuple[str, str]], **more: Any) -> dict[str, Any]:
    images = [
        {
            "filename": file,
            "imgid": i,
            "split": split,
            "sentids": [5 * i + k for k in range(2)],
            "sentences": [
                {"tokens": ["a", "dog"], "raw": f"A dog {i} runs {k}.", "imgid": i, "sentid": 5 * i + k}
                for k in range(2)
            ],
            **{k: v(i) for k, v in more.items()},
        }
        for i, (file, split) in enumerate(files)
    ]
    return {"images": images, "dataset": name}


def flickr30k(root: Path) -> None:
    files = [("1000092795.jpg", "train"), ("1007129816.jpg", "test"), ("1009434119.jpg", "test")]
    for file, _ in files:
        photo(root / "flickr30k-images" / file)
    write_json(root / "dataset_flickr30k.json", karpathy("flickr30k", files))


def fsc147(root: Path) -> None:
    dots = {"2.jpg": 3, "3.jpg": 2, "7.jpg": 4}
    annotation = {
        name: {
            "H": 768,
            "W": 1024,
            "box_examples_coordinates": [[[1, 2], [1, 9], [9, 9], [9, 2]]] * 3,
            "box_examples_path": ["/nfs/x/a.jpg"] * 3,
            "density_path": "/nfs/x/2.npy",
            "density_path_fixed": "/nfs/x/2.npy",
            "img_path": f"/nfs/x/{name}",
            "points": [[10.5 * k, 20.25] for k in range(count)],
            "r": [4, 5, 6],
            "ratio_h": 0.5,
            "ratio_w": 0.5,
        }
        for name, count in dots.items()
    }
    write_json(root / "annotation_FSC147_384.json", annotation)
    write_json(root / "Train_Test_Val_FSC_147.json", {"train": ["7.jpg"], "val": [], "test": ["2.jpg", "3.jpg"]})
    write_text(root / "ImageClasses_FSC147.txt", "2.jpg\tsea shells", "3.jpg\thot air balloons", "7.jpg\tbeads")
    for name in dots:
        photo(root / "images_384_VarV2" / name)


def carpk(root: Path) -> None:
    data = root / "CARPK_devkit/data"
    write_text(data / "ImageSets/train.txt", "20160331_NTU_00001")
    write_text(data / "ImageSets/test.txt", "20161225_TPZ_00001", "20161225_TPZ_00002")
    write_text(data / "Annotations/20161225_TPZ_00001.txt", "1 1 5 5 1", "7 8 12 15 1 ", "0 0 3 2 1")
    write_text(data / "Annotations/20161225_TPZ_00002.txt", "4 4 9 9 1")
    for name in ("20161225_TPZ_00001", "20161225_TPZ_00002"):
        photo(data / f"Images/{name}.png")


def textocr(root: Path) -> None:
    names = {"a4ea732cd3d5948a": "train/a4ea732cd3d5948a.jpg", "00ab": "train/00ab.jpg"}
    images = {k: {"id": k, "width": 32, "height": 24, "set": "val", "file_name": v} for k, v in names.items()}
    words = [("Performance", [2.5, 3.0, 10.0, 6.0]), (".", [1.0, 1.0, 4.0, 4.0]), ("40%", [20.0, 10.0, 30.0, 8.0])]
    anns = {
        f"{image}_{k + 1}": {
            "id": f"{image}_{k + 1}",
            "image_id": image,
            "bbox": bbox,
            "utf8_string": said,
            "points": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
            "area": 12.5,
        }
        for image in names
        for k, (said, bbox) in enumerate(words)
    }
    lists = {image: [k for k in anns if k.startswith(image)] for image in names}
    write_json(root / "TextOCR_0.1_val.json", {"info": {}, "imgs": images, "anns": anns, "imgToAnns": lists})
    for file in names.values():
        photo(root / "train_val_images" / file.replace("train/", "train_images/"))


CIFAR_NAMES = [f"thing_{i}" for i in range(100)]


def cifar100(root: Path) -> None:
    """Coarse label, fine label, 1024 red, 1024 green, 1024 blue."""
    rows = b"".join(
        struct.pack("BB", coarse, fine) + pixels(f"cifar{fine}", 32, 32).transpose(2, 0, 1).tobytes()
        for coarse, fine in ((11, 49), (15, 33), (4, 72))
    )
    folder = root / "cifar-100-binary"
    folder.mkdir(parents=True)
    (folder / "test.bin").write_bytes(rows)
    write_text(folder / "fine_label_names.txt", *CIFAR_NAMES)
    write_text(folder / "coarse_label_names.txt", *CIFAR_NAMES[:20])


def cifar100_parquet(root: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    from genlevel.media import encode_png

    images = [{"bytes": encode_png(pixels(f"cifar{fine}", 32, 32)), "path": None} for fine in (49, 33, 72)]
    noted = {"info": {"features": {"fine_label": {"names": CIFAR_NAMES, "_type": "ClassLabel"}}}}
    table = pa.table({"img": images, "fine_label": [49, 33, 72], "coarse_label": [11, 15, 4]})
    table = table.replace_schema_metadata({b"huggingface": json.dumps(noted).encode()})
    (root / "cifar100").mkdir(parents=True)
    parquet.write_table(table, root / "cifar100/test-00000-of-00001.parquet")


def nyu(root: Path) -> None:
    place = root / "official_splits/test/bathroom"
    for number in ("00045", "00046"):
        photo(place / f"rgb_{number}.jpg")
        depth = np.random.default_rng(int(number)).integers(500, 9000, (24, 32), dtype=np.uint16)
        save(place / f"sync_depth_{number}.png", depth)


def am2k(root: Path) -> None:
    place = root / "AM-2k/validation"
    for name in ("m_0a5e", "m_77bc"):
        photo(place / f"original/{name}.jpg")
        save(place / f"mask/{name}.png", pixels(name)[:, :, 0])
    save(place / "trimap/m_0a5e.png", pixels("t")[:, :, 0])


def refcoco(root: Path) -> None:
    """The pickled list as JSON, and instances.json; a ref's own file name is that of a cut-out."""
    photo(root / "train2014/COCO_train2014_000000581857.jpg")
    image = {"id": 581857, "file_name": "COCO_train2014_000000581857.jpg", "height": 24, "width": 32}
    annotations = [box(1719310, 581857, 1, [3.0, 2.0, 12.0, 18.0]), box(2, 581857, 3, [18.0, 4.0, 10.0, 10.0])]
    document = {"images": [image], "annotations": annotations, "categories": CATEGORIES}
    write_json(root / "instances.json", document)
    said = [("the lady with the blue shirt", "lady in blue", 1719310), ("the red car", "red car", 2)]
    refs = [
        {
            "sent_ids": [2 * i, 2 * i + 1],
            "file_name": f"COCO_train2014_000000581857_{i}.jpg",
            "ann_id": ann,
            "ref_id": i,
            "image_id": 581857,
            "split": "val",
            "category_id": 1,
            "sentences": [
                {"tokens": text.split(), "raw": text, "sent_id": 2 * i + k, "sent": text.lower()}
                for k, text in enumerate((long, short))
            ],
        }
        for i, (long, short, ann) in enumerate(said)
    ]
    train = {**refs[0], "split": "train", "ref_id": 9, "sentences": [{"raw": "no", "sent": "no", "sent_id": 99}]}
    write_json(root / "refs(unc).json", [*refs, train])


def refcoco_mdetr(root: Path) -> None:
    photo(root / "train2014/COCO_train2014_000000581857.jpg")
    images = [
        {
            "file_name": "COCO_train2014_000000581857.jpg",
            "height": 24,
            "width": 32,
            "id": i,
            "original_id": 581857,
            "caption": caption,
            "dataset_name": "refcoco",
            "tokens_negative": [[0, 3]],
        }
        for i, caption in enumerate(("lady in blue", "red car"))
    ]
    annotations = [
        {**box(i, i, 1, bbox), "tokens_positive": [[0, 4]]} for i, bbox in enumerate(([3, 2, 12, 18], [18, 4, 10, 10]))
    ]
    write_json(root / "finetune_refcoco_val.json", {"images": images, "annotations": annotations, "categories": []})


def refcoco_parquet(root: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    from genlevel.media import encode_png

    (root / "data").mkdir(parents=True)
    for shard, (said, bbox) in enumerate(
        ((["lady in blue", "the lady"], [3.0, 2.0, 12.0, 18.0]), (["red car"], [18.0, 4, 10, 10]))
    ):
        columns = {
            "question_id": [str(shard)],
            "image": [{"bytes": encode_png(pixels("ref")), "path": "x.jpg"}],
            "question": ["Please carefully observe the area circled in the image."],
            "answer": [said],
            "segmentation": [[1.0, 2.0]],
            "bbox": [bbox],
            "iscrowd": [0],
            "file_name": ["COCO_train2014_000000581857_0.jpg"],
        }
        parquet.write_table(pa.table(columns), root / f"data/val-{shard:05d}-of-00002.parquet")


def voc(root: Path) -> None:
    place = root / "VOCdevkit/VOC2012"
    labels = np.zeros((24, 32), np.uint8)
    labels[4:14, 5:20], labels[15:22, 18:30] = 1, 15
    labels[3, 5:20] = 255
    for name in ("2007_000033", "2007_000042"):
        photo(place / f"JPEGImages/{name}.jpg")
        palette_png(place / f"SegmentationClass/{name}.png", labels)
        write_text(
            place / f"Annotations/{name}.xml",
            f"<annotation><filename>{name}.jpg</filename><object><name>aeroplane</name><difficult>1</difficult>",
            "<bndbox><xmin>6</xmin><ymin>5</ymin><xmax>20</xmax><ymax>14</ymax></bndbox></object></annotation>",
        )
        labels = labels[:, ::-1].copy()
    write_text(place / "ImageSets/Segmentation/val.txt", "2007_000033", "2007_000042")
    write_text(place / "ImageSets/Segmentation/train.txt", "2007_000099")


def cityscapes(root: Path) -> None:
    """1000 x class + number for objects; the class alone for areas and groups; 1 is the ego vehicle, 29 a caravan."""
    for city, number in (("frankfurt", "000000_000294"), ("munster", "000001_000019")):
        name = f"{city}_{number}"
        ids = np.full((24, 32), 7, np.uint16)
        ids[0:6], ids[22:] = 23, 1
        ids[8:16, 2:12], ids[8:16, 14:24] = 26000, 26001
        ids[17:21, 4:9], ids[9:13, 26:31], ids[17:20, 20:28] = 24000, 26, 29000
        photo(root / f"leftImg8bit/val/{city}/{name}_leftImg8bit.png")
        fine = root / f"gtFine/val/{city}"
        save(fine / f"{name}_gtFine_instanceIds.png", ids)
        classes = np.where(ids >= 1000, ids // 1000, ids).astype(np.uint8)
        save(fine / f"{name}_gtFine_labelIds.png", classes)
        save(fine / f"{name}_gtFine_color.png", np.stack([classes * 3, classes * 5, classes * 7], 2).astype(np.uint8))
        write_json(fine / f"{name}_gtFine_polygons.json", {"imgHeight": 24, "imgWidth": 32, "objects": []})


ADE_NAMES = [{"id": 1, "name": "bed"}, {"id": 2, "name": "windowpane"}, {"id": 3, "name": "cabinet"}]


def ade20k(root: Path) -> None:
    """Red is the class (1 to 100), green the object's number, blue 0."""
    place = root / "ADEChallengeData2016"
    for name in ("ADE_val_00000001", "ADE_val_00000002"):
        photo(place / f"images/validation/{name}.jpg")
        maps = np.zeros((24, 32, 3), np.uint8)
        maps[2:12, 3:15, :2], maps[14:22, 3:15, :2], maps[2:20, 18:30, :2] = (1, 1), (1, 2), (3, 3)
        save(place / f"annotations_instance/validation/{name}.png", maps)
        save(place / f"annotations/validation/{name}.png", maps[:, :, 0] + 7)
        segments = np.zeros((24, 32, 3), np.uint8)
        segments[:] = (10, 0, 0)
        segments[2:12, 3:15] = (77, 1, 0)
        save(place / f"ade20k_panoptic_val/{name}.png", segments)
    write_json(place / "ade20k_instance_imgCatIds.json", {"categories": ADE_NAMES, "images": []})
    document = {
        "images": [
            {"id": n, "file_name": f"{n}.jpg", "width": 32, "height": 24}
            for n in ("ADE_val_00000001", "ADE_val_00000002")
        ],
        "annotations": [
            {
                "image_id": n,
                "file_name": f"{n}.png",
                "segments_info": [
                    {"id": 10, "category_id": 0, "iscrowd": 0, "area": 648, "bbox": [0, 0, 32, 24]},
                    {"id": 77 + 256, "category_id": 7, "iscrowd": 0, "area": 120, "bbox": [3, 2, 12, 10]},
                ],
            }
            for n in ("ADE_val_00000001", "ADE_val_00000002")
        ],
        "categories": [{"id": 0, "name": "wall", "isthing": 0}, {"id": 7, "name": "bed", "isthing": 1}],
    }
    write_json(place / "ade20k_panoptic_val.json", document)


def ade20k_json(root: Path) -> None:
    """Only the JSON that the preparing script makes: category ids from 0, run lengths as text."""
    from pycocotools import mask as tools

    photo(root / "images/validation/ADE_val_00000001.jpg")
    drawn = np.zeros((24, 32), np.uint8)
    drawn[2:12, 3:15] = 1
    encoded = tools.encode(np.asfortranarray(drawn))
    run_lengths = {"size": [24, 32], "counts": encoded["counts"].decode()}
    annotation = {"id": 1, "image_id": "ADE_val_00000001", "iscrowd": 0, "category_id": 7, "bbox": [3, 2, 12, 10]}
    document = {
        "images": [{"id": "ADE_val_00000001", "file_name": "ADE_val_00000001.jpg", "width": 32, "height": 24}],
        "categories": [{"id": 7, "name": "bed"}],
        "annotations": [{**annotation, "segmentation": run_lengths, "area": 120}],
    }
    write_json(root / "ade20k_instance_val.json", document)


def mvtec(root: Path) -> None:
    for category in ("bottle", "metal_nut"):
        photo(root / f"{category}/train/good/000.png")
        photo(root / f"{category}/test/good/000.png")
        photo(root / f"{category}/test/broken_large/000.png")
        mask = np.zeros((24, 32), np.uint8)
        mask[5:12, 6:18] = 255
        save(root / f"{category}/ground_truth/broken_large/000_mask.png", mask)
    write_text(root / "license.txt", "CC BY-NC-SA 4.0")


TEN = ["net", "net", "net", "netting", "net", "net", "mesh", "net", "net", "net"]


def vqa(root: Path, prefix: str) -> None:
    questions = [
        {"image_id": 262148, "question": "Where is he looking?", "question_id": 262148000},
        {"image_id": 262148, "question": "What is behind him?", "question_id": 262148001},
    ]
    annotations = [
        {
            "question_type": "what",
            "multiple_choice_answer": said[0],
            "answers": [{"answer": a, "answer_confidence": "yes", "answer_id": i} for i, a in enumerate(said, 1)],
            "image_id": 262148,
            "answer_type": "other",
            "question_id": number,
        }
        for number, said in ((262148000, ["down"] * 9 + ["at table"]), (262148001, TEN))
    ]
    base = {
        "info": {"year": 2014},
        "task_type": "Open-Ended",
        "data_type": "mscoco",
        "license": {},
        "data_subtype": "val2014",
    }
    write_json(root / f"{prefix}OpenEnded_mscoco_val2014_questions.json", {**base, "questions": questions})
    write_json(root / f"{prefix}mscoco_val2014_annotations.json", {**base, "annotations": annotations})
    photo(root / "val2014/COCO_val2014_000000262148.jpg")


def vqav2(root: Path) -> None:
    vqa(root, "v2_")


def okvqa(root: Path) -> None:
    vqa(root, "")


def vizwiz(root: Path) -> None:
    entries = [
        {
            "image": f"VizWiz_val_{i:08d}.jpg",
            "question": question,
            "answers": [{"answer_confidence": "yes", "answer": a} for a in said],
            "answer_type": "other",
            "answerable": 1,
        }
        for i, (question, said) in enumerate(
            (
                ("Can you tell me what this medicine is please?", ["night time"] * 6 + ["nyquil"] * 4),
                ("What is this?", ["unanswerable"] * 10),
            )
        )
    ]
    write_json(root / "Annotations/val.json", entries)
    for entry in entries:
        photo(root / "val" / entry["image"])


def gqa(root: Path) -> None:
    questions = {
        key: {
            "semantic": [{"operation": "select", "dependencies": [], "argument": "scene"}],
            "entailed": [],
            "equivalent": [key],
            "question": question,
            "imageId": "n161313",
            "isBalanced": True,
            "groups": {"global": None, "local": "14-weather_fog"},
            "answer": answer,
            "semanticStr": "select: scene",
            "annotations": {"answer": {}, "question": {}, "fullAnswer": {}},
            "types": {"detailed": "weatherVerify", "semantic": "global", "structural": "verify"},
            "fullAnswer": f"{answer.capitalize()}, it is.",
        }
        for key, question, answer in (
            ("201307251", "Is it overcast?", "no"),
            ("201640614", "Who is wearing the dress?", "woman"),
        )
    }
    write_json(root / "questions1.2/testdev_balanced_questions.json", questions)
    photo(root / "images/n161313.jpg")


def docvqa(root: Path) -> None:
    data = [
        {
            "questionId": 49153 + i,
            "question": question,
            "question_types": ["figure/diagram"],
            "image": "documents/pybv0228_81.png",
            "docId": 14465,
            "ucsf_document_id": "pybv0228",
            "ucsf_document_page_no": "81",
            "answers": answers,
            "data_split": "val",
        }
        for i, (question, answers) in enumerate(
            (
                ("What is the ‘actual’ value per 1000?", ["0.28"]),
                ("What is the name of the university?", ["University of California", "university of california"]),
            )
        )
    ]
    document = {"dataset_name": "SP-DocVQA", "dataset_version": "1.0", "dataset_split": "val", "data": data}
    write_json(root / "val_v1.0_withQT.json", document)
    photo(root / "documents/pybv0228_81.png")

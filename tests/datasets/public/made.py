"""Makers of the sets whose answers are pictures, in their publishers' shapes and with their quirks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.datasets.public.files import photo, pixels, save, write_json, write_text


def mm_celeba(root: Path) -> None:
    for number in (0, 24000, 29999):
        write_text(root / f"text/celeba-caption/{number}.txt", f"She is person {number}. ", "She is young.")
        photo(root / f"image/images/{number}.jpg")


SYNSETS = ("n01440764 tench, Tinca tinca", "n01443537 goldfish, Carassius auratus")


def imagenet(root: Path) -> None:
    write_text(root / "LOC_synset_mapping.txt", *SYNSETS)
    names = ("ILSVRC2012_val_00000001", "ILSVRC2012_val_00000002")
    for name in names:
        photo(root / f"ILSVRC/Data/CLS-LOC/val/{name}.JPEG")
    rows = [f"{name},{synset.split()[0]} 111 108 441 193 " for name, synset in zip(names, SYNSETS, strict=True)]
    write_text(root / "LOC_val_solution.csv", "ImageId,PredictionString", *rows)


def imagenet_folders(root: Path) -> None:
    write_text(root / "LOC_synset_mapping.txt", *SYNSETS)
    photo(root / "val/n01440764/ILSVRC2012_val_00000293.JPEG")
    photo(root / "val/n01443537/ILSVRC2012_val_00000236.JPEG")


def cub(root: Path) -> None:
    names = [
        "001.Black_footed_Albatross/Black_Footed_Albatross_0046_18.jpg",
        "001.Black_footed_Albatross/Black_Footed_Albatross_0009_34.jpg",
        "002.Laysan_Albatross/Laysan_Albatross_0002_1027.jpg",
    ]
    place = root / "CUB_200_2011"
    write_text(place / "images.txt", *(f"{i} {name}" for i, name in enumerate(names, 1)))
    write_text(place / "train_test_split.txt", "1 0", "2 1", "3 0")
    write_text(place / "classes.txt", "1 001.Black_footed_Albatross", "2 002.Laysan_Albatross")
    for name in names:
        photo(place / "images" / name)
        write_text(root / "cvpr2016_cub/text_c10" / name.replace(".jpg", ".txt"), f"a bird called {name[:3]}", "grey")


def scribble(root: Path) -> None:
    for name in ("pineapple_1", "soccer_4"):
        photo(root / f"testA/{name}.png")
        photo(root / f"testB/{name}.jpg")


def sketchycoco(root: Path) -> None:
    for name in ("1204", "9991"):
        photo(root / f"Scene/Sketch/paper_version/val/{name}.png")
        photo(root / f"Scene/GT/val/{name}.png")
        photo(root / f"Scene/GT/trainInTrain/{name}.png")


def visual_genome(root: Path) -> None:
    """One release has "names", an older one "name"; the second image has too few objects."""

    def thing(number: int, x: int, y: int, w: int, h: int, **name: object) -> dict[str, object]:
        return {"synsets": [], "h": h, "object_id": number, "merged_object_ids": [], "w": w, "y": y, "x": x, **name}

    objects = [
        {
            "image_id": 1,
            "objects": [
                thing(1, 0, 0, 100, 80, names=["tree", "trees"]),
                thing(2, 10, 20, 60, 50, names=["car"]),
                thing(3, 120, 30, 40, 60, name="man"),
                thing(4, 5, 5, 3, 3, names=["button"]),
            ],
            "image_url": "https://cs.stanford.edu/people/rak248/VG_100K_2/1.jpg",
        },
        {"image_id": 2, "objects": [thing(5, 0, 0, 100, 80, names=["sky"])], "image_url": "x"},
    ]
    sizes = [
        {"width": 200, "height": 150, "image_id": n, "url": "x", "coco_id": None, "flickr_id": None} for n in (1, 2)
    ]
    write_json(root / "objects.json", objects)
    write_json(root / "image_data.json", sizes)
    photo(root / "VG_100K_2/1.jpg")
    photo(root / "VG_100K/2.jpg")


def super_resolution(root: Path) -> None:
    for name in ("baboon", "ppt3"):
        save(root / f"HR/{name}.png", np.repeat(np.repeat(pixels(name, 8, 9), 2, 0), 2, 1))
        save(root / f"LR_bicubic/X2/{name}x2.png", pixels(name, 8, 9))
        save(root / f"LR_bicubic/X4/{name}x4.png", pixels(name, 4, 5))


def super_resolution_srf(root: Path) -> None:
    for name in ("img_001", "img_002"):
        save(root / f"image_SRF_2/{name}_SRF_2_HR.png", pixels(f"{name}HR", 16, 18))
        save(root / f"image_SRF_2/{name}_SRF_2_LR.png", pixels(name, 8, 9))


def super_resolution_hub(root: Path) -> None:
    for name in ("baboon", "ppt3"):
        save(root / f"Set14_HR/{name}.png", pixels(f"{name}HR", 16, 18))
        save(root / f"Set14_LR_x2/{name}.png", pixels(name, 8, 9))


def places2(root: Path) -> None:
    """Without masks: holes are made."""
    for name in ("Places365_val_00000001", "Places365_val_00000002"):
        photo(root / f"val_256/{name}.jpg", 64, 64)


def celeba_hq(root: Path) -> None:
    """With masks, and the tables that say which pictures are for testing: of three the second and third."""
    mask = np.zeros((24, 32), np.uint8)
    mask[4:15, 5:20] = 255
    for name in ("0", "1", "2"):
        photo(root / f"CelebA-HQ-img/{name}.jpg")
        save(root / f"masks/{name}.png", mask)
    write_text(
        root / "CelebA-HQ-to-CelebA-mapping.txt",
        "idx          orig_idx     orig_file",
        *(f"{i}            {119613 + i}       {119613 + i}.jpg" for i in range(3)),
    )
    write_text(root / "list_eval_partition.txt", "119613.jpg 0", "119614.jpg 2", "119615.jpg 2")


def ffhq(root: Path) -> None:
    for folder, name in (("00000", "00001"), ("60000", "60000"), ("69000", "69999")):
        photo(root / f"images1024x1024/{folder}/{name}.png", 64, 64)


def pie_bench(root: Path) -> None:
    mapping = {
        f"{i:012d}": {
            "image_path": f"0_random_140/{i:012d}.jpg",
            "original_prompt": "a slanted mountain bicycle on the road",
            "editing_prompt": "a slanted [rusty] mountain bicycle on the road",
            "editing_instruction": "Make the frame of the bike rusty",
            "editing_type_id": "0",
            "blended_word": "bicycle bicycle",
            "mask": [0, 12, 40, 9],
        }
        for i in range(2)
    }
    write_json(root / "mapping_file.json", mapping)
    for edit in mapping.values():
        photo(root / "annotation_images" / str(edit["image_path"]))


def viton_hd(root: Path) -> None:
    """A line pairs a person with another's garment; the person's own has the person's name."""
    write_text(root / "test_pairs.txt", "05006_00.jpg 11001_00.jpg", "02532_00.jpg 14096_00.jpg")
    for name in ("05006_00", "02532_00"):
        for place in ("image", "cloth", "agnostic-v3.2", "cloth-mask"):
            photo(root / f"test/{place}/{name}.jpg")


def lol(root: Path) -> None:
    for name in ("1", "22"):
        photo(root / f"eval15/low/{name}.png")
        photo(root / f"eval15/high/{name}.png")
        photo(root / f"our485/low/{name}.png")


def sidd(root: Path) -> None:
    for scene in ("0001_001_S6_00100_00060_3200_L", "0002_001_S6_00100_00020_3200_N"):
        number = scene[:4]
        photo(root / f"SIDD_Small_sRGB_Only/Data/{scene}/{number}_NOISY_SRGB_010.PNG")
        photo(root / f"SIDD_Small_sRGB_Only/Data/{scene}/{number}_GT_SRGB_010.PNG")


def gopro(root: Path) -> None:
    for frame in ("004001", "004002"):
        for kind in ("blur", "blur_gamma", "sharp"):
            photo(root / f"test/GOPR0384_11_00/{kind}/{frame}.png")
        photo(root / f"train/GOPR0372_07_00/blur/{frame}.png")


def hide(root: Path) -> None:
    for place, name in (("test-close-ups", "1fromGOPR1096.MP4"), ("test-long-shot", "4fromGOPR0950")):
        photo(root / f"HIDE_dataset/test/{place}/{name}.png")
        photo(root / f"HIDE_dataset/GT/{name}.png")
    photo(root / "HIDE_dataset/train/9fromGOPR0950.png")

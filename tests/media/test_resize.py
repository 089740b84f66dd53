"""Images reduced to a model's limit, compared with what the arithmetic of averaging gives."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from genlevel.media import MediaError, encode_png, image_size, load_image, reduced
from genlevel.records import Part


def test_a_larger_image_is_averaged_over_areas(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    small = load_image(reduced(Part("image", data=encode_png(pixels)), 15))
    means = pixels.reshape(10, 4, 15, 4, 3).mean((1, 3))
    assert small.shape == (10, 15, 3)
    assert np.abs(small - means).max() <= 0.51


@pytest.mark.parametrize(("shape", "longest", "expected"), [((7, 90), 30, (2, 30)), ((500, 2), 100, (100, 1))])
def test_the_shape_is_kept_to_a_pixel(shape: tuple[int, int], longest: int, expected: tuple[int, int]) -> None:
    part = reduced(Part("image", data=encode_png(np.zeros(shape, np.uint8))), longest)
    assert image_size(part) == expected


@pytest.mark.parametrize("longest", [0, 60, 61])
def test_one_that_is_not_larger_is_left_alone(tmp_path: Path, longest: int) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode_png(np.zeros((40, 60), np.uint8)))
    part = Part("image", path=path)
    assert reduced(part, longest) is part


def test_a_jpeg_stays_one_and_a_file_becomes_data(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    cv2.imwrite(str(path), np.full((64, 48, 3), 130, np.uint8))
    part = reduced(Part("image", path=path), 32)
    assert part.path is None
    assert part.media_type == "image/jpeg"
    assert part.data is not None
    assert part.data[:2] == b"\xff\xd8"
    assert np.abs(load_image(part).astype(int) - 130).max() <= 2
    assert image_size(part) == (32, 24)


def test_what_is_no_image_is_told(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="empty"):
        reduced(Part("image", data=b""), 10)

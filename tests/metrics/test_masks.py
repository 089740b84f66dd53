"""Masks from anyone: whatever does not describe a mask of its own size is one line of error, never a crash."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlevel.errors import MetricError
from genlevel.metrics import masks


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32))
def test_bitmaps_survive(height: int, width: int, seed: int) -> None:
    bitmap = np.random.default_rng(seed).random((height, width)) < 0.5
    rle = masks.read(bitmap)
    assert (masks.decode(rle) == bitmap).all()
    assert masks.read(rle) == rle
    counts = masks.run_lengths(rle)[1].tolist()
    assert masks.read({"size": [height, width], "counts": counts}) == rle


@given(
    st.text(max_size=60) | st.binary(max_size=60) | st.lists(st.integers(-5, 2**70), max_size=9), st.integers(-2, 40)
)
def test_any_counts_are_a_mask_or_an_error(counts: object, side: int) -> None:
    try:
        bitmap = masks.decode({"size": [side, 7], "counts": counts})
    except MetricError as error:
        assert "\n" not in str(error)
    else:
        assert bitmap.shape == (side, 7)


def runs_by_hand(counts: bytes) -> list[int] | None:
    """COCO's format read character by character, as its C code does; None where it ends within a number."""
    found: list[int] = []
    number = shift = 0
    for character in counts:
        digit = character - 48
        if not 0 <= digit < 64:
            return None
        number |= (digit & 31) << shift
        shift += 5
        if not digit & 32:
            number -= (1 << shift) if digit & 16 else 0
            found.append(number + (found[-2] if len(found) > 2 else 0))
            number = shift = 0
    return found if not shift else None


STRINGS = st.binary(max_size=8) | st.text("0123456789:;<=>?@OPQ_`ao", max_size=12).map(str.encode)


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2**32), st.none() | STRINGS), max_size=8), st.integers(1, 40)
)
def test_many_masks_are_each_read_alone(pieces: list[tuple[int, int, bytes | None]], block: int) -> None:
    things = []
    for height, seed, other in pieces:
        rle = dict(masks.encode(np.random.default_rng(seed).random((height, 5)) < 0.5))
        things.append(rle if other is None else {"size": [height, 5], "counts": other + rle["counts"][: seed % 4]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masks, "_BLOCK", block)
        found = masks.read_all(things, [None] * len(things))
    for thing, rle in zip(things, found, strict=True):
        runs = runs_by_hand(thing["counts"])
        height, width = thing["size"]
        good = runs is not None and min(runs, default=-1) >= 0 and sum(runs) == height * width
        assert (rle is not None) == good
        assert not good or masks.run_lengths(thing)[1].tolist() == runs


@pytest.mark.parametrize(
    ("thing", "size", "says"),
    [
        ({"size": [1 << 20, 1 << 20], "counts": "0"}, None, "pixels"),
        ({"size": [4, 4], "counts": "0" * 10_000}, None, "too long"),
        ({"size": [4, 4], "counts": [16, 1]}, None, "add up"),
        ({"size": [4, 4], "counts": [20, -4]}, None, "add up"),
        ({"size": [4, 4], "counts": [2**70]}, None, "whole numbers"),
        ({"size": [4, 4]}, None, "counts"),
        ({"counts": "0"}, None, "size"),
        ([[0, 0, 1e12, 0, 5, 5]], [9, 9], "far outside"),
        ([[0, 0, float("nan"), 0, 5, 5]], [9, 9], "far outside"),
        ([[0, 0, 1, 1]], [9, 9], "3 corners"),
        ([[0, 0, 5000, 5000] * 2000], [5000, 5000], "outline"),
        ([["a"] * 6], [9, 9], "numbers"),
        (None, [9, 9], "polygons"),
        (np.zeros((2, 3, 4)), None, "shape"),
    ],
)
def test_bad_masks(thing: object, size: object, says: str) -> None:
    with pytest.raises(MetricError, match=says):
        masks.read(thing, size)

"""Pixels of each class, counted by hand, whatever the type of the maps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from genlevel.metrics.segmentation import class_counts

MAPS = st.integers(1, 6).flatmap(
    lambda side: st.tuples(*[arrays(np.uint8, (side, 3), elements=st.sampled_from([0, 1, 2, 7, 254, 255]))] * 2)
)


def by_hand(answer: list[int], reference: list[int], ignore: int | None) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for a, r in zip(answer, reference, strict=True):
        if r == ignore:
            continue
        for place, label in ((1, a), (2, r)):
            if label != ignore:
                row = found.setdefault(label, [0, 0, 0])
                row[place] += 1
                row[0] += place == 1 and a == r
    return found


@pytest.mark.parametrize("ignore", [255, None, 0, 3, -1, 300])
@pytest.mark.parametrize("kind", [np.uint8, np.int64])
@given(MAPS)
def test_counts_are_those_by_hand(kind: type, ignore: int | None, maps: tuple[np.ndarray, np.ndarray]) -> None:
    answer, reference = (side.astype(kind) for side in maps)
    classes, table = class_counts(answer, reference, ignore)
    expected = by_hand(answer.ravel().tolist(), reference.ravel().tolist(), ignore)
    assert classes.tolist() == sorted(expected)
    assert dict(zip(classes.tolist(), table.tolist(), strict=True)) == expected
    assert classes.dtype == table.dtype == np.int64

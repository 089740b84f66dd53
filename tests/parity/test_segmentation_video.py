"""J and F of video objects against trackeval (DAVIS)."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.metrics.segmentation_video import boundary_f, outline, region_likeness

j_and_f = pytest.importorskip("trackeval.metrics.j_and_f")
coco_mask = pytest.importorskip("pycocotools.mask")


def shapes(seed: int, n: int) -> list[Any]:
    r = np.random.default_rng(seed)
    y, x = np.mgrid[:70, :90]
    out = []
    for _ in range(n):
        # Often cut by the border of the frame.
        cx, cy, rx, ry = r.uniform(-5, 95), r.uniform(-5, 75), r.uniform(2, 30), r.uniform(2, 30)
        out.append(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1)
    return out


def rle(mask: Any) -> Any:
    return coco_mask.encode(np.asfortranarray(mask, np.uint8))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("seed", range(4))
def test_boundary(seed: int) -> None:
    a, b = shapes(seed, 8), shapes(seed + 100, 8)
    b = [(np.roll(m, 2, axis=1) if k % 2 else other) for k, (m, other) in enumerate(zip(a, b, strict=True))]
    a[0] = a[0] & False
    b[0] = b[0] & False
    a[1] = a[1] & False
    for x, y in zip(a, b, strict=True):
        assert (outline(x) == j_and_f.JAndF._seg2bmap(x)).all()
        want = j_and_f.JAndF._compute_f([[rle(y)]], [[rle(x)]], 0, 0, 0.008)
        assert boundary_f(x, y) == pytest.approx(float(want[0]), abs=1e-12)
        union = (x | y).sum()
        assert region_likeness(x, y) == pytest.approx((x & y).sum() / union if union else 1.0)


def test_j_and_f_is_the_mean_over_objects() -> None:
    masks = shapes(7, 6)
    truth = [{"a": np.stack(masks[:3]), "b": np.stack(masks[3:])}, {"only": np.stack(masks[1:4])}]
    given = [{"a": np.stack([masks[1], masks[1], masks[5]]), "extra": np.stack(masks[:3])}, truth[1]]
    j = [np.mean([region_likeness(x, y) for x, y in zip(given[0]["a"], masks[:3], strict=True)]), 0.0, 1.0]
    f = [np.mean([boundary_f(x, y) for x, y in zip(given[0]["a"], masks[:3], strict=True)]), 0.0, 1.0]
    assert metrics.compute("region_j", given, truth) == pytest.approx(np.mean(j))
    assert metrics.compute("boundary_f", given, truth) == pytest.approx(np.mean(f))
    assert metrics.compute("j_and_f", given, truth) == pytest.approx(np.mean(j + f))
    middle = [region_likeness(given[0]["a"][1], masks[1]), 0.0, 1.0]
    assert metrics.compute("region_j", given, truth, ends=False) == pytest.approx(np.mean(middle))
    ids = np.stack(masks[:3]) * 4
    assert metrics.compute("j_and_f", [ids, None], [ids, ids]) == 0.5

"""Whatever stands in the place of an answer or a reference: a number in range or one line, no warning, no endless work."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import GenlevelError
from tests.metrics.examples import EXAMPLES, OPTIONS


def nested(depth: int, *, as_list: bool) -> Any:
    thing: Any = [] if as_list else {}
    for _ in range(depth):
        thing = [thing] if as_list else {"a": thing}
    return thing


NAN, INF = float("nan"), float("inf")
JUNK: dict[str, Any] = {
    "huge": 10**5000, "negative": -(10**400), "nan": NAN, "inf": INF, "true": True, "number": 0.5,
    "empty": "", "nul": "\0", "surrogate": "\ud800", "bytes": b"\xff", "long": "a " * 20_000, "brackets": "(" * 5000,
    "tags": "<table>" * 2000, "list": [], "nones": [None], "lists": [[[]]], "dict": {}, "object": object(),
    "deep list": nested(5000, as_list=True), "deep dict": nested(5000, as_list=False), "ragged": [[1, 2], [3]],
    "set": {1, 2}, "one": np.array(1.0), "none": np.zeros(0), "no boxes": np.zeros((0, 4)), "axes": np.zeros((1, 2, 3, 1, 2)),
    "nan map": np.full((8, 9), NAN), "inf points": np.full((20, 3), INF), "objects": np.array([{}, None], dtype=object),
    "strings": np.array(["a", "b"]), "complex": np.ones((8, 9), complex), "u64": np.full((8, 9), 2**64 - 1, np.uint64),
    "i64": np.full((8, 9), -(2**63), np.int64), "half": np.full((8, 9), 6e4, np.float16), "pixel": np.zeros((1, 1, 3), np.uint8),
    "nan box": [{"label": "a", "box": [NAN] * 4, "score": 1}], "big box": [{"label": "a", "box": [1e308] * 4, "score": 1e308}],
    "inside out": [{"label": "a", "box": [0, 0, -5, -5]}], "score": [{"label": "a", "box": [0, 0, 5, 5], "score": "x"}],
    "label": [{"label": {}, "box": [0, 0, 5, 5]}], "space": [{"label": "car", "box": [1e200] * 7, "score": 1.0}],
    "far": [{"label": "car", "points": [-1, 10**30], "score": 1.0}], "rate 0": (np.zeros(10), 0), "rate": (np.zeros(10), 10**9),
    "nan sound": (np.full(100, NAN), 16000), "tube": {"start": 10**30, "boxes": [[0, 0, 1, 1]]}, "tube nan": {NAN: [0, 0, 1, 1]},
    "moment": [5, 1], "nan moment": [NAN, 2], "segment": {"map": np.ones((12, 12)), "segments": [{"id": 10**30, "label": "x"}]},
    "void": {"map": np.full((12, 12), -1), "segments": [{"id": -1, "label": "x"}]}, "scores": {"scores": np.array([NAN, 1.0])},
    "words": {"scores": "x"}, "cepstra": {"cepstra": np.full((3, 3), INF)}, "flow": {"flow": np.zeros((2, 2, 2)), "valid": 0},
    "runs": {"size": [2, 2], "counts": [10**30]}, "bomb": {"size": [10**9, 10**9], "counts": "0"}, "frame": [[{"id": 1}]],
    "nan frame": [[{"id": NAN, "box": [0, 0, 1, 1]}]], "inf frame": [[{"id": 1, "box": [0, 0, INF, 1]}]],
    "triplet": [{"subject": 1, "predicate": None, "object": []}], "pair": [["a", "b"]],
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_junk_is_a_missing_answer_or_one_line(name: str) -> None:
    metric = metrics.get(name, **OPTIONS.get(name, {}))
    answers, references = EXAMPLES[name](np.random.default_rng(1), 1)
    for what, junk in JUNK.items():
        for pair in (([junk], references), (answers, [junk])):
            try:
                value = float(metric.reduce(metric.measure(*pair)))
            except GenlevelError as error:
                assert "\n" not in str(error) and len(str(error)) < 400, what
            else:
                assert metric.range[0] <= value <= metric.range[1], what


def test_labels_that_are_none_are_wrong_and_never_free() -> None:
    array, mapping = np.zeros(3), {"label": "a"}
    assert metrics.compute("accuracy", [array, mapping, np.array(2)], ["a", "b", 2]) == pytest.approx(1 / 3)
    assert metrics.compute("macro_f1", [mapping, "b"], ["a", "b"]) == metrics.compute(
        "macro_f1", [None, "b"], ["a", "b"]
    )
    assert metrics.compute("micro_f1", [mapping, "b"], ["a", "b"]) == 0.5
    assert metrics.compute("mrr", [[array, "a"], array], ["a", "b"]) == 0.25
    with pytest.raises(GenlevelError, match=r"reference of sample 1 .* no label"):
        metrics.compute("macro_accuracy", ["a", "b"], ["a", mapping])

"""Reasons for failures that differ only in numbers or ids are one reason; statuses and words keep them apart."""

from __future__ import annotations

from collections import Counter

import pytest

from genlevel.counts import many
from genlevel.runner.failures import grouped

OTHERS = " (others differ in numbers or ids)"


@pytest.mark.parametrize(
    "alike",
    [
        ("HTTP 429: try again in 1.5 s", "HTTP 429: try again in 20 s"),
        ("HTTP 500: failed (req_011CSHoEeqs5C3)", "HTTP 500: failed (req_9fKd0aBcdEfgh2)"),
        ("refused: 0f8b1c52-7a1e-4e0e-9d3c-7e1f2a3b4c5d", "refused: be37a2d1-aa11-4bbb-8ccc-0123456789ab"),
        ("ValueError: image 7 has no colours", "ValueError: image 12 has no colours"),
    ],
)
def test_numbers_and_ids_do_not_tell_reasons_apart(alike: tuple[str, str]) -> None:
    once, often = alike
    assert grouped(Counter({once: 1, often: 3})) == {often + OTHERS: 4}


def test_statuses_and_words_tell_reasons_apart() -> None:
    reasons = Counter(
        {"HTTP 429: no": 2, "HTTP 503: no": 1, "error, code: 400": 1, "error, code: 401": 1, "no face": 1}
    )
    assert grouped(reasons) == reasons


@pytest.mark.parametrize(("count", "text"), [(0, "0 tasks"), (1, "1 task"), (2, "2 tasks")])
def test_many(count: int, text: str) -> None:
    assert many(count, "task") == text

"""Random texts for the parity tests: a small vocabulary, so that n-grams repeat and match."""

from __future__ import annotations

import random

WORDS = [
    "the",
    "a",
    "cat",
    "dog",
    "sat",
    "on",
    "mat",
    "red",
    "big",
    "ran",
    "to",
    "of",
    "in",
    "and",
    "it",
    "is",
    "was",
    "house",
    "cats",
    "running",
    "quickly",
    "3.5",
    "don't",
    "can't",
]


def sentence(rng: random.Random, low: int = 0, high: int = 18, words: list[str] = WORDS) -> str:
    return " ".join(rng.choice(words) for _ in range(rng.randint(low, high)))


def noisy(rng: random.Random, text: str, words: list[str] = WORDS) -> str:
    """A near copy: tokens dropped, swapped and replaced."""
    tokens = text.split()
    out = []
    for token in tokens:
        roll = rng.random()
        if roll < 0.12:
            continue
        out.append(rng.choice(words) if roll < 0.3 else token)
        if roll > 0.93:
            out.append(token)
    if len(out) > 3 and rng.random() < 0.3:
        i = rng.randrange(len(out) - 1)
        out[i], out[i + 1] = out[i + 1], out[i]
    return " ".join(out)


def corpus(size: int, refs: int = 1, seed: int = 0, low: int = 0) -> tuple[list[str], list[list[str]]]:
    """Answers and, for each, one to ``refs`` references of which the answer is a near copy."""
    rng = random.Random(seed)
    answers, references = [], []
    for _ in range(size):
        golds = [sentence(rng, max(low, 1)) for _ in range(rng.randint(1, refs))]
        answers.append(noisy(rng, rng.choice(golds)) if rng.random() < 0.85 else sentence(rng, low))
        references.append(golds)
    return answers, references

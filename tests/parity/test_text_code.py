"""CodeBLEU: the n-gram parts against the package codebleu; the trees by hand, and near to the package."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel import metrics
from genlevel.metrics.codetree import parse

SNIPPETS = [
    "def add(a, b):\n    return a + b",
    "def total(xs):\n    s = 0\n    for x in xs:\n        s += x\n    return s",
    "def total(values):\n    out = 0\n    for v in values:\n        out = out + v\n    return out",
    "import os\nfor f in os.listdir('.'):\n    if f.endswith('.py') and not f.startswith('_'):\n        print(f)",
    "class A:\n    def __init__(self, x):\n        self.x = x\n    def get(self):\n        return self.x",
    "def f(n):\n    return 1 if n <= 1 else n * f(n - 1)",
    "while True:\n    try:\n        y = next(it)\n    except StopIteration:\n        break\n    z = y if y else None",
    "xs = [i * i for i in range(10) if i % 2 == 0]\nprint(sum(xs))",
    "with open(path) as handle:\n    data = handle.read()\nlines = data.split('\\n')",
]


def pairs(size: int, seed: int) -> tuple[list[str], list[list[str]]]:
    rng = random.Random(seed)
    answers, references = [], []
    for _ in range(size):
        gold = rng.choice(SNIPPETS)
        answer = gold if rng.random() < 0.3 else rng.choice(SNIPPETS)
        if rng.random() < 0.4:
            words = answer.split(" ")
            words[rng.randrange(len(words))] = rng.choice(["x", "return", "0", "None"])
            answer = " ".join(words)
        answers.append(answer)
        references.append([gold] if rng.random() < 0.7 else [gold, rng.choice(SNIPPETS)])
    return answers, references


def package_ngrams(answers: list[str], references: list[list[str]]) -> tuple[float, float]:
    """The package's two n-gram scores, from its own functions, with weights as it makes them."""
    bleu = pytest.importorskip("codebleu.bleu")
    from codebleu import weighted_ngram_match

    words = (__import__("pathlib").Path(bleu.__file__).parent / "keywords" / "python.txt").read_text().split()
    hypotheses = [a.strip().split() for a in answers]
    golds = [[r.strip().split() for r in refs] for refs in references]
    weighted = [[[g, {t: 1 if t in words else 0.2 for t in g}] for g in refs] for refs in golds]
    return bleu.corpus_bleu(golds, hypotheses), weighted_ngram_match.corpus_bleu(weighted, hypotheses)


@pytest.mark.parametrize("seed", range(5))
def test_ngram_parts_are_the_packages(seed: int) -> None:
    answers, references = pairs(12, seed)
    metric = metrics.get("codebleu")
    parts = metric.parts(metric.measure(answers, references))
    assert (parts.ngram, parts.weighted_ngram) == pytest.approx(package_ngrams(answers, references), abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["if", "x", "return", "y", "for"]), max_size=8),
    st.lists(st.sampled_from(["if", "x", "return"]), max_size=8),
)
def test_ngram_parts_of_tiny_code(answer: list[str], gold: list[str]) -> None:
    metric = metrics.get("codebleu")
    evidence = metric.measure([" ".join(answer)], [[" ".join(gold)]])
    parts = metric.parts(evidence)
    assert (parts.ngram, parts.weighted_ngram) == pytest.approx(
        package_ngrams([" ".join(answer)], [[" ".join(gold)]]), abs=1e-12
    )


def test_it_ranks_code_as_the_package_does() -> None:
    """The whole number differs by the parser; its order over answers of rising quality must not."""
    package = pytest.importorskip("codebleu")
    gold = SNIPPETS[1]
    ladder = [gold, SNIPPETS[2], SNIPPETS[0], "print('hello')"]
    ours = [metrics.compute("codebleu", [answer], [gold]) for answer in ladder]
    theirs = [package.calc_codebleu([gold], [answer], lang="python")["codebleu"] for answer in ladder[:2]]
    assert ours == sorted(ours, reverse=True)
    assert ours[0] == theirs[0] == 1.0
    # Same algorithm with other names: the package and we agree that trees and flow are nearly those of the reference.
    assert theirs[1] == pytest.approx(ours[1], abs=0.15)


def test_trees_forget_names_and_flows_keep_their_pattern() -> None:
    one, two = (
        parse("def f(a, b):\n    c = a + b\n    return c"),
        parse("def g(x, y):\n    'doc'\n    z = x + y  # sum\n    return z"),
    )
    assert one == two
    assert one.flows == ((0, "comesFrom", ()), (1, "comesFrom", ()), (0, "comesFrom", (0,)), (1, "comesFrom", (1,)),
                         (2, "computedFrom", (0, 1)), (2, "comesFrom", (2,)))  # fmt: skip
    assert parse("def f(a, b):\n    c = a + b\n    return a").flows != one.flows
    # By hand: Module, FunctionDef, arguments, Assign, BinOp, Return have children.
    assert len(one.subtrees) == 6


def test_what_does_not_parse() -> None:
    assert parse("x = = 1").subtrees == ()
    half = parse("x = 1\nfoo bar baz\ny = x")
    assert half.flows == parse("x = 1\ny = x").flows
    assert metrics.compute("codebleu", ["gibberish one two"], ["def f():\n    return 1"]) == 0
    assert metrics.compute("codebleu", [None], ["def f():\n    return 1"]) == 0
    java = "public int f ( int a ) { return a + 1 ; }"
    assert metrics.compute("codebleu", [java], [java]) == pytest.approx(1.0)
    parse("(" * 5000), parse("1" + "+1" * 20000), parse("x\0y"), parse("'\\d'")  # no crash, no warning


def test_many_samples_add_up() -> None:
    answers, references = pairs(30, 7)
    metric = metrics.get("codebleu")
    evidence = metric.measure(answers, references)
    weights = np.random.default_rng(0).integers(0, 3, (4, 30)).astype(float)
    for value, row in zip(metric.reduce(evidence, weights), weights.astype(int), strict=True):
        repeated = np.repeat(np.arange(30), row)
        assert value == pytest.approx(
            metrics.compute("codebleu", [answers[i] for i in repeated], [references[i] for i in repeated]), abs=1e-12
        )

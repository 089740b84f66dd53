"""METEOR 1.5, the one that COCO captioning reports, by its authors' Java program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import NotScorable
from genlevel.metrics.base import as_weights
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.java import ENCODING, JavaMetric, find_file, java_command, run_java
from genlevel.metrics.text import text_pairs, tokenizer

_JAR = "meteor-1.5.jar"
_PARAPHRASES = "data/paraphrase-en.gz"
# The parameters of English, task "rank".
_ALPHA, _BETA, _GAMMA, _DELTA = 0.85, 0.2, 0.6, 0.75
# Exact, stem, synonym, paraphrase.
_STAGES = np.array([1.0, 0.6, 0.8, 0.6])
_STATISTICS = 23


@dataclass(frozen=True)
class Meteor15(JavaMetric):
    """METEOR 1.5 for English: exact, stem, synonym and paraphrase matches, function words weighing less.

    The authors' Java program aligns each answer with its references and keeps the best; the number comes from its counts
    added up over the samples, as the program itself and pycocoevalcap compute it, not from the mean of the samples' scores.
    Every shard of evidence costs one start of Java, some seconds. A missing answer counts as an empty one.

    Options:
        jar: ``meteor-1.5.jar`` with ``data/paraphrase-en.gz`` beside it. By default in the folder of weights, or that of an
            installed pycocoevalcap.
        java, memory: the command and its memory.
        seconds: how long one batch of samples may take.
        tokenizer: what captions are cut by before, as in COCO's evaluation, see :class:`Cider`; empty for texts as they are.
            METEOR's own tokeniser follows in any case.
    """

    jar: str = ""
    java: str = "java"
    memory: str = "2G"
    seconds: float = 3600.0
    tokenizer: str = "caption"

    name = "meteor_15"
    title = "METEOR 1.5"
    definition = "PR/(aP+(1-a)R) * (1 - g*(chunks/matches)^b), a=0.85, b=0.2, g=0.6; P, R of weighted matches, summed"
    source = "Denkowski and Lavie 2014; METEOR 1.5; pycocoevalcap 1.2, Meteor"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a text; reference: a text or a list of texts"
    needs = ("java", "jar: meteor-1.5.jar and its paraphrases, as in pycocoevalcap")

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Column ``counts`` (int32, 23 numbers a sample): what the program prints for the best reference.

        Words and function words of both sides; for each of four stages the matched content and function words of both sides;
        chunks; matched words of both sides.
        """
        pairs = text_pairs(answers, references)
        cut = tokenizer(self.tokenizer, pairs) if self.tokenizer else None
        lines = []
        for answer, golds in pairs:
            texts = [" ".join(cut(text)) if cut else _one_line(text) for text in (*golds, answer or "")]
            # Bars would end a field; two spaces are one, as in pycocoevalcap.
            lines.append(" ||| ".join(["SCORE", *(text.replace("|||", "").replace("  ", " ") for text in texts)]))
        return Evidence(counts=self._run(lines) if lines else np.zeros((0, _STATISTICS), np.int32))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """METEOR of the weighted sums of all counts."""
        return score(as_weights(evidence, weights) @ parted(evidence["counts"]))

    def installed(self) -> Path:
        """The jar, if all that it needs is here too."""
        jar = find_file(self.jar, _JAR, f"meteor/{_JAR}", "METEOR 1.5", "cs.cmu.edu/~alavie/METEOR")
        if not (jar.parent / _PARAPHRASES).is_file():
            raise NotScorable(f"needs METEOR's paraphrases: put {_PARAPHRASES} of pycocoevalcap beside {jar}")
        java_command(self.java)
        return jar

    def _run(self, lines: Sequence[str]) -> FloatArray:
        jar = self.installed()
        command = [
            self.java,
            f"-Xmx{self.memory}",
            *ENCODING,
            "-jar",
            str(jar),
            "-",
            "-",
            "-stdio",
            "-l",
            "en",
            "-norm",
        ]
        printed = run_java(
            command,
            title="METEOR",
            folder=jar.parent,
            text="".join(f"{line}\n" for line in lines),
            seconds=self.seconds,
        )
        try:
            table = np.array([line.split() for line in printed.splitlines()], np.float64)
        except ValueError:
            table = np.zeros((0, 0))
        if table.shape != (len(lines), _STATISTICS):
            raise NotScorable(f"METEOR printed {len(printed.splitlines())} lines for {len(lines)} samples, or odd ones")
        counts: FloatArray = table.astype(np.int32)
        return counts


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())


def parted(counts: Any) -> FloatArray:
    """The program's counts (n, 23), with no chunk for a sample that is matched as a whole, as the program adds them up."""
    c = np.array(counts, np.float64)
    whole = (c[:, 20] == 1) & (c[:, 21:23] == c[:, 0:2]).all(axis=1)
    c[whole, 20] = 0
    return c


def score(counts: Any) -> FloatArray:
    """METEOR 1.5 of (sums of) :func:`parted` counts, shape (..., 23) to (...)."""
    c = np.asarray(counts, np.float64)
    # For each side: all words without function words weigh delta, function words the rest.
    length = _DELTA * (c[..., 0:2] - c[..., 2:4]) + (1 - _DELTA) * c[..., 2:4]
    stages = c[..., 4:20].reshape(*c.shape[:-1], 4, 4)
    matched = np.einsum("...sk,s->...k", stages, _STAGES)
    matched = _DELTA * matched[..., 0:2] + (1 - _DELTA) * matched[..., 2:4]
    precision, recall = np.moveaxis(np.divide(matched, length, out=np.zeros_like(matched), where=length > 0), -1, 0)
    chunks, words = c[..., 20], c[..., 21:23]
    bottom = _ALPHA * precision + (1 - _ALPHA) * recall
    mean = np.divide(precision * recall, bottom, out=np.zeros_like(bottom), where=bottom > 0)
    total = words.mean(axis=-1)
    pieces = np.divide(chunks, total, out=np.zeros_like(total), where=total > 0)
    result: FloatArray = mean * (1 - _GAMMA * pieces**_BETA)
    return result

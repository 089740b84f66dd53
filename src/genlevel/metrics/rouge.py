"""ROUGE: overlap of words, word pairs and longest common subsequences with the reference."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.alignment import MAX_WORK, common
from genlevel.metrics.base import Metric, as_weights, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.porter import stem
from genlevel.metrics.text import split_unspaced, text_pairs, tokenizer


class _Spelling(dict[int, str]):
    """For ``str.translate``: letters, marks and digits of scripts other than Latin become ``q`` and their number.

    Such a word ends in a digit, which no stemmer changes, and holds nothing but ``[a-z0-9]``.
    """

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = unicodedata.category(character)
        foreign = (
            code >= 0x370
            and not 0x1D00 <= code <= 0x1DFF  # phonetic extensions and marks for Latin
            and not 0x2000 <= code <= 0x2BFF  # symbols
            and (kind[0] in "LM" or kind == "Nd")
            and "LATIN" not in unicodedata.name(character, "")
        )
        self[code] = spelt = f"q{code}" if foreign else character
        return spelt


_SPELLING = _Spelling()
_LONG = 4 * MAX_WORK  # in characters, of which a token and what parts it from the next have two at least


class PorterStemmer:
    """Stems as the scorer's own stemmer makes them."""

    def stem(self, word: str) -> str:
        """The stem of a word in lower case."""
        return stem(word)


def encode_scripts(text: str) -> str:
    """``text`` with each word of a script other than Latin spelt in ASCII, so that ROUGE's own tokeniser keeps it.

    Latin text comes back as it is, and so scores exactly as in the reference implementation.

    >>> encode_scripts("plain naïve text")
    'plain naïve text'
    >>> encode_scripts("Да, 天气").split()
    ['q1076q1072,', 'q22825', 'q27668']
    """
    if text.isascii() or text.translate(_SPELLING) == text:
        return text
    return split_unspaced(unicodedata.normalize("NFC", text).lower()).translate(_SPELLING)


@dataclass(frozen=True)
class Rouge(Metric):
    """ROUGE F-measure, best reference first, mean over samples.

    Tokens are runs of ``[a-z0-9]`` after lower-casing, as in Google's ``rouge-score``, and its values are met exactly on
    Latin text. Words of other scripts, which ``rouge-score`` drops, are tokens too, letter by letter where a script has
    no spaces: identical Chinese texts score 1 and not 0. ``scripts="latin"`` gives the reference's values everywhere.

    Options:
        stemmer: Porter stems for words of four letters and more (default; what General-Bench reports). ``rouge-score``
            itself defaults to False.
        scripts: ``all`` or ``latin``.
        statistic: ``f``, ``precision`` or ``recall``, of the reference with the best F.

    Texts without any token score 0, also against each other.
    """

    stemmer: bool = True
    scripts: str = "all"
    statistic: str = "f"

    kind: ClassVar[str]
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a text; reference: a text or a list of acceptable texts"
    source = "Lin 2004; Google rouge-score 0.1.2"

    def __post_init__(self) -> None:
        if self.scripts not in ("all", "latin"):
            raise MetricError(f"{self.name}: scripts='{self.scripts}'; known: all, latin")
        if self.statistic not in ("f", "precision", "recall"):
            raise MetricError(f"{self.name}: statistic='{self.statistic}'; known: f, precision, recall")

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``precision``, ``recall`` and ``f`` (float64) of the reference with the best F."""
        from rouge_score_rs.rouge_scorer import RougeScorer

        encode = encode_scripts if self.scripts == "all" else str
        pairs = text_pairs(answers, references)
        table = np.zeros((len(pairs), 3))
        rows, targets, predictions = [], [], []
        for row, (answer, golds) in enumerate(pairs):
            if answer is None:
                continue
            encoded = encode(answer)
            for gold in map(encode, golds):
                if self.kind == "rougeL" and len(encoded) * len(gold) > _LONG:
                    table[row] = max(table[row].tolist(), self._long(encoded, gold), key=lambda score: score[2])
                    continue
                rows.append(row)
                targets.append(gold)
                predictions.append(encoded)
        scorer: Any = RougeScorer([self.kind], use_stemmer=self.stemmer)  # type: ignore[no-untyped-call]
        results = scorer.score_batch(targets, predictions)
        for row, result in zip(rows, results, strict=True):
            score = result[self.kind]
            if score.fmeasure > table[row, 2]:
                table[row] = score
        precision, recall, f = table.T.copy()
        return Evidence(precision=precision, recall=recall, f=f)

    def _long(self, answer: str, gold: str) -> list[float]:
        """Precision, recall and F of the longest common subsequence of texts that may be too long for the scorer."""
        from rouge_score_rs.tokenize import tokenize

        stemmer = PorterStemmer() if self.stemmer else None
        given, wanted = (list(tokenize(text, stemmer)) for text in (answer, gold))  # type: ignore[no-untyped-call]
        shared = common(given, wanted) if given and wanted else 0
        if not shared:
            return [0.0, 0.0, 0.0]
        return [shared / len(given), shared / len(wanted), 2.0 * shared / (len(given) + len(wanted))]

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the chosen statistic."""
        return weighted_mean(evidence[self.statistic], as_weights(evidence, weights), empty=0.0)


@dataclass(frozen=True)
class Rouge1(Rouge):
    """ROUGE of words; options as in :class:`Rouge`."""

    name = "rouge1"
    title = "ROUGE-1"
    definition = "F-measure of shared words, max over references, mean over samples"
    kind = "rouge1"


@dataclass(frozen=True)
class Rouge2(Rouge):
    """ROUGE of word pairs; options as in :class:`Rouge`."""

    name = "rouge2"
    title = "ROUGE-2"
    definition = "F-measure of shared word pairs, max over references, mean over samples"
    kind = "rouge2"


@dataclass(frozen=True)
class RougeL(Rouge):
    """ROUGE of longest common subsequences; options as in :class:`Rouge`."""

    name = "rouge_l"
    title = "ROUGE-L"
    definition = "F-measure of the longest common subsequence of words, max over references, mean over samples"
    kind = "rougeL"


@dataclass(frozen=True)
class RougeLCoco(Metric):
    """ROUGE-L as COCO captioning computes it: recall weighs 1.2 squared times as much as precision.

    Precision and recall are each the largest over the references, not those of one reference. ``tokenizer``
    is ``caption`` (lower-case words without punctuation, close to COCO's Java tokeniser) or one of BLEU's; ``space`` for
    captions that are tokenised already. ``lower`` lower-cases first; ``beta`` is the weight of recall, 1.2.
    """

    tokenizer: str = "caption"
    lower: bool = False
    beta: float = 1.2

    name = "rouge_l_coco"
    title = "ROUGE-L (COCO)"
    definition = "(1+b^2)PR/(R+b^2 P) with b=1.2, P and R the largest over references; mean over samples"
    source = "pycocoevalcap 1.2, Rouge"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    version = 2
    answer = "a text; reference: a text or a list of texts"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``precision`` and ``recall`` (float64)."""
        pairs = text_pairs(answers, references)
        split = tokenizer(self.tokenizer, pairs)
        table = np.zeros((len(answers), 2))
        for row, (answer, golds) in enumerate(pairs):
            given = split((answer or "").lower() if self.lower else (answer or ""))
            for gold in golds:
                target = split(gold.lower() if self.lower else gold)
                if given and target:
                    shared = common(given, target)
                    table[row] = np.maximum(table[row], (shared / len(given), shared / len(target)))
        precision, recall = table.T.copy()
        return Evidence(precision=precision, recall=recall)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the samples' F with ``beta``."""
        p, r, b2 = evidence["precision"], evidence["recall"], self.beta**2
        bottom = r + b2 * p
        f = np.divide((1 + b2) * p * r, bottom, out=np.zeros_like(p), where=bottom > 0)
        return weighted_mean(f, as_weights(evidence, weights), empty=0.0)

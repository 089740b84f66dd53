"""Word and character error rates of speech recognition, in any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from types import MappingProxyType
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.alignment import all_edits
from genlevel.metrics.base import Metric, as_weights, first_best, ratio, weighted_sum
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.text import UNSPACED_CLASS, split_unspaced, text_sides

# Mongolian variation selectors and vowel separator choose a glyph; joiners and soft hyphens are not seen at all.
_UNSEEN = re.compile("[\u180b-\u180f\u200b-\u200d\u2060\ufeff\u00ad]")
_INNER_APOSTROPHE = re.compile(r"(?<=\w)['’ʼ](?=\w)")
_SPACE_AT_UNSPACED = re.compile(f"(?<=[{UNSPACED_CLASS}]) | (?=[{UNSPACED_CLASS}])")


class _Plain(dict[int, str]):
    """For ``str.translate``: punctuation and symbols become spaces."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = plain = " " if unicodedata.category(character)[0] in "PS" else character
        return plain


_PLAIN = _Plain()


def speech_normalise(text: str) -> str:
    """What is heard: lower case, no punctuation, compatibility forms unified, single spaces.

    An apostrophe inside a word is dropped and the word stays whole; other punctuation parts words. Numbers stay as they
    are written. Mongolian suffixes after a narrow no-break space are words of their own.

    >>> speech_normalise("Don't  stop — ＡＢＣ, please!")
    'dont stop abc please'
    """
    if text.isascii():
        text = text.lower()
        return " ".join((_INNER_APOSTROPHE.sub("", text) if "'" in text else text).translate(_PLAIN).split())
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).lower()
    return " ".join(_INNER_APOSTROPHE.sub("", text).translate(_PLAIN).split())


NORMALISERS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "speech": speech_normalise,
        "lower": str.lower,
        "none": str,
    }
)


@dataclass(frozen=True)
class _ErrorRate(Metric):
    """Edits over the length of the references, both summed over all samples: not the mean of the samples' rates.

    Options:
        normalise: ``speech`` (default: see :func:`speech_normalise`), ``lower`` or ``none`` (white space is squeezed, which
            is what jiwer does). The normaliser is part of the definition: name it beside the number.
        asr: where answers are speech, ``(samples, rate)``, the folder of the recogniser that writes it down (Hugging Face
            layout). The recogniser's own errors count: name it beside the number. Without it, and without one in the
            folder of weights, speech is not scorable.
        language: what the recogniser is told to hear, e.g. ``zh``; without it, it finds out itself.

    A missing or empty answer deletes every word, which is a rate of 1; the rate has no upper bound because of insertions.
    Of several references the one with the lowest rate counts. Where all references together are empty, the rate is 0 for
    empty answers and infinite for others. Edits of very long texts are at most those that :func:`alignment.edits` says.
    """

    normalise: str = "speech"
    asr: str = ""
    language: str = ""

    range = (0.0, float("inf"))
    unit = "fraction"
    direction = "lower"
    unanswered = "leaves out each word of its reference: a rate of 1"
    answer = "a text, or speech (samples, rate); reference: a text or a list of acceptable texts"

    def __post_init__(self) -> None:
        if self.normalise not in NORMALISERS:
            raise MetricError(f"{self.name}: normalise='{self.normalise}'; known: {', '.join(NORMALISERS)}")

    def _units(self, text: str) -> Sequence[str]:
        raise NotImplementedError

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``edits`` and ``length`` of the reference (int32)."""
        if any(isinstance(answer, tuple) for answer in answers):
            from genlevel.metrics.learned_audio.asr import transcripts

            answers = transcripts(answers, self.asr, language=self.language)
        clean, units = NORMALISERS[self.normalise], self._units
        given, golds = text_sides(answers, references)
        sizes = list(map(len, golds))
        own = [units(clean(answer or "")) for answer in given]
        targets = [units(clean(gold)) for gold in chain.from_iterable(golds)]
        edits, _, length = all_edits(list(chain.from_iterable(map(repeat, own, sizes))), targets)
        best = first_best(-edits / np.maximum(length, 1), np.array(sizes, np.int64))
        return Evidence(edits=edits[best].astype(np.int32), length=length[best].astype(np.int32))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted edits over weighted length."""
        w = as_weights(evidence, weights)
        edits, length = weighted_sum(evidence["edits"], w), weighted_sum(evidence["length"], w)
        flawless = (edits == 0) & (w.sum(axis=-1) > 0)
        rate: FloatArray = np.where(flawless, 0.0, ratio(edits, length, empty=np.inf))
        return rate


@dataclass(frozen=True)
class WordErrorRate(_ErrorRate):
    """Word error rate; in scripts without spaces each letter is a word. Options as in :class:`_ErrorRate`.

    >>> metric = WordErrorRate()
    >>> float(metric.reduce(metric.measure(["the cat sat", "我去"], ["The cat sat down.", "我不去。"])))
    0.2857142857142857
    """

    name = "wer"
    title = "Word error rate"
    definition = "(substitutions + deletions + insertions)/reference words, each summed over all samples"
    source = "jiwer 4 wer; NIST sclite"

    def _units(self, text: str) -> Sequence[str]:
        return (text if text.isascii() else split_unspaced(text)).split()


@dataclass(frozen=True)
class CharacterErrorRate(_ErrorRate):
    """Character error rate. A space between words is a character, a space beside a letter of an unspaced script is none.

    With ``spaces=False`` no space counts. Options as in :class:`_ErrorRate`.
    """

    spaces: bool = True

    name = "cer"
    title = "Character error rate"
    definition = "character edits/reference characters, each summed over all samples"
    source = "jiwer 4 cer"

    def _units(self, text: str) -> Sequence[str]:
        text = " ".join(text.split())
        if not self.spaces:
            return text.replace(" ", "")
        return text if text.isascii() else _SPACE_AT_UNSPACED.sub("", text)

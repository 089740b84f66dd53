"""What all text metrics share: references as lists, and tokenisers that work in every script.

The field's tokenisers split at spaces or keep ``[a-z0-9]`` only, so that Chinese, Japanese, Thai, Lao, Khmer, Burmese and
Tibetan text is one token or none, and a perfect answer scores 0 or a near miss scores 0. Here every letter of a script
that is written without spaces is a token of its own, together with the marks that belong to it. Text without such
letters is left exactly as the reference tokenisers see it. That deviation from the references is on purpose.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType, NoneType
from typing import Any

from genlevel.errors import MetricError
from genlevel.metrics.base import check_lengths

# Code points of the scripts that are written without spaces between words. Korean puts spaces and is not among them.
_UNSPACED = (
    (0x0E01, 0x0E3A), (0x0E40, 0x0E5B),  # Thai
    (0x0E80, 0x0EFF), (0x0F40, 0x0FBC), (0x1000, 0x109F), (0x1780, 0x17FF),  # Lao, Tibetan, Burmese, Khmer
    (0x3005, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B), (0x3041, 0x30FF), (0x3105, 0x312F), (0x31F0, 0x31FF),  # kana
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x20000, 0x323AF),  # Han
)  # fmt: skip
# Ideographic and full-width punctuation, which ends a word although no space stands beside it.
_WIDE_PUNCTUATION = ((0x3001, 0x3004), (0x3008, 0x3020), (0x3030, 0x3030), (0xFF01, 0xFF0F), (0xFF1A, 0xFF20),
                     (0xFF3B, 0xFF40), (0xFF5B, 0xFF65))  # fmt: skip


def _class(ranges: Sequence[tuple[int, int]]) -> str:
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)


_MARKS = "".join(
    chr(code)
    for low, high in _UNSPACED[:6]
    for code in range(low, high + 1)
    if unicodedata.category(chr(code))[0] == "M"
)
UNSPACED_CLASS = _class(_UNSPACED)
_SPLIT = re.compile(f"([{UNSPACED_CLASS}][{_MARKS}\u3099\u309a]*|[{_class(_WIDE_PUNCTUATION)}])")


def split_unspaced(text: str) -> str:
    """``text`` with spaces around each letter of a script written without spaces, and around wide punctuation.

    >>> split_unspaced("我有2只cats。").split()
    ['我', '有', '2', '只', 'cats', '。']
    >>> split_unspaced("plain words, as they were")
    'plain words, as they were'
    """
    return text if text.isascii() else _SPLIT.sub(r" \1 ", text)


def texts(value: Any) -> list[str]:
    """A reference or a list of references as a list of strings; numbers become their decimal form."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple, set, frozenset)):
        if {*map(type, value)} == {str}:
            return [*value]
        found = [item if isinstance(item, str) else as_text(item) for item in value if item is not None]
    else:
        found = [] if value is None else [as_text(value)]
    return [text for text in found if text is not None]


def as_text(value: Any) -> str | None:
    """``value`` in words; None where it has none (nested without end, a number of thousands of digits)."""
    try:
        return str(value)
    except (RecursionError, ValueError):
        return None


def text_sides(answers: Sequence[Any], references: Sequence[Any]) -> tuple[Sequence[str | None], Sequence[list[str]]]:
    """The answers (``None`` if missing), and the references of each.

    Raises:
        MetricError: naming the row that has no reference.
    """
    check_lengths(answers, references)
    given = answers
    if not {*map(type, answers)} <= {str, NoneType}:
        given = [a if a is None or isinstance(a, str) else as_text(a) for a in answers]
    kinds = {*map(type, references)}
    if kinds == {list} and all(references) and {*map(type, chain.from_iterable(references))} == {str}:
        return given, references
    golds = [[r] for r in references] if kinds == {str} else list(map(texts, references))
    if not all(golds):
        raise MetricError(f"sample {golds.index([])} (from 0) has no reference text")
    return given, golds


def text_pairs(answers: Sequence[Any], references: Sequence[Any]) -> list[tuple[str | None, list[str]]]:
    """Each answer with its references; as :func:`text_sides`."""
    return list(zip(*text_sides(answers, references), strict=True))


def stable_hash(text: str) -> int:
    """A 64-bit signed hash that is the same in every process, so that evidence of shards can be joined."""
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little", signed=True
    )


def spaced(text: str) -> list[str]:
    """Tokens between spaces; letters of scripts without spaces stand alone."""
    return split_unspaced(text).split()


def characters(text: str) -> list[str]:
    """Every character but white space."""
    return [c for c in text if not c.isspace()]


_13A_PLAIN = re.compile(r"[A-Za-z0-9 ]*")
_13A = (
    (re.compile(r"([{-~\[-` -&(-+:-@/])"), r" \1 "),
    (re.compile(r"([^0-9])([.,])"), r"\1 \2 "),
    (re.compile(r"([.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)


def mteval13a(text: str) -> list[str]:
    """The tokens of NIST mteval-v13a (sacrebleu ``13a``), with unspaced scripts split into letters.

    >>> mteval13a("It costs 3.50, you know.")
    ['It', 'costs', '3.50', ',', 'you', 'know', '.']
    """
    if _13A_PLAIN.fullmatch(text):
        return text.split()
    text = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    if "&" in text:
        for entity, sign in (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")):
            text = text.replace(entity, sign)
    text = f" {split_unspaced(text)} "
    for pattern, replacement in _13A:
        text = pattern.sub(replacement, text)
    return text.split()


_BRACKETS = {"(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-"}
_DROPPED = frozenset(["''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "..", "...", "....", ";"])
_ABBREVIATED = re.compile(r"(?<![\w.])((?:[a-z]\.)+[a-z]|etc|mr|mrs|ms|dr|st|jr|vs|inc|ave|oz|ft|approx)\.\W*$")


def caption_words(text: str) -> list[str]:
    """Lower-case Treebank words without most punctuation, close to the tokens of COCO captioning.

    What COCO's filter leaves in is left in: brackets by their names, and signs such as ``&`` or ``%``.

    >>> caption_words("A man's dog, running (fast).")
    ['a', 'man', "'s", 'dog', 'running', '-lrb-', 'fast', '-rrb-']
    """
    text = text.lower()
    found = _words(text)
    if "'n'" in text:
        found = ["'n'" if pair == ("'n", "'") else pair[0] for pair in zip(found, [*found[1:], ""], strict=True)]
    kept = [_BRACKETS.get(w, w) for w in found if w not in _DROPPED and (w.isascii() or any(map(str.isalnum, w)))]
    last = _ABBREVIATED.search(text) if "." in text else None
    if last and kept and kept[-1] == last[1]:
        # At the end of a text the full stop of an abbreviation is the abbreviation's.
        kept[-1] += "."
    return kept


def tokenizer(name: str, pairs: Sequence[tuple[str | None, Sequence[str]]] | None = None) -> Callable[[str], list[str]]:
    """The tokeniser called ``name``: ``word``, ``caption``, ``space``, ``13a``, ``char`` or ``ptb-java``.

    ``ptb-java`` is COCO's own tokeniser in Java, which cuts all texts of ``pairs`` at once and knows no others; see
    :mod:`genlevel.metrics.treebank_java`.
    """
    if name == "ptb-java" and pairs is not None:
        from genlevel.metrics.treebank_java import words_by_java

        all_texts = [text for answer, golds in pairs for text in (answer or "", *golds)]
        # Some metrics ask in lower case.
        return words_by_java([*all_texts, *map(str.lower, all_texts)])
    try:
        return TOKENIZERS[name]
    except KeyError:
        raise MetricError(f"unknown tokenizer '{name}'; known: {', '.join(TOKENIZERS)}, ptb-java") from None


def _words(text: str) -> list[str]:
    from genlevel.metrics.treebank import words

    return words(text)


TOKENIZERS: Mapping[str, Callable[[str], list[str]]] = MappingProxyType(
    {"word": _words, "caption": caption_words, "space": spaced, "13a": mteval13a, "char": characters}
)

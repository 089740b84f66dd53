r"""Penn Treebank words, the tokens that BLEU of English text is commonly counted over.

The conventions are those of the Treebank as ``nltk.word_tokenize`` applies them: punctuation stands alone, ``n't``, ``'s``,
``'ll`` and ``can|not`` are split off, double quotes become ````` and ``''``, and a full stop stands alone only at the end
of a sentence, so that ``U.S.`` and ``3.50`` stay whole. Within a sentence the tokens are those of
``nltk.NLTKWordTokenizer`` (see tests/parity). Where a sentence ends is decided by a rule in place of nltk's trained
Punkt model: ``.``, ``!`` or ``?``, closing quotes, white space, and a letter, digit or opening quote that is not lower
case, unless the word before is an initial or a common abbreviation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from genlevel.metrics.text import split_unspaced

_ABBREVIATIONS = frozenset(
    """
    mr mrs ms dr prof st jr sr vs etc inc ltd co corp gen col sgt capt lt gov sen rep rev hon no vol fig eq sec dept univ
    approx est e.g i.e cf al jan feb mar apr jun jul aug sep sept oct nov dec u.s u.k a.m p.m ph.d
    """.split()  # noqa: SIM905
)
_BREAK = re.compile(r"""(?<!\S)(\S*[.!?])["'”’)\]}]*\s+(?=["'“‘(\[{]*[^\W_a-z])""")

# A pattern, what replaces it, and characters of which a text must have one for the pattern to be in it.
_Rule = tuple[re.Pattern[str], str, frozenset[str]]
# In place of a character: the text holds a word that was two.
_WORD = "word"


def _rules(*triples: tuple[str, str, Iterable[str]]) -> tuple[_Rule, ...]:
    return tuple((re.compile(pattern), replacement, frozenset(trigger)) for pattern, replacement, trigger in triples)


_BEFORE_PADDING = _rules(
    # Opening quotes.
    (r"([«“‘„]|`+)", r" \1 ", "«“‘„`"),
    (r'^"', "``", '"'),
    (r"(``)", r" \1 ", '`"'),
    (r"""([ ([{<])("|'')""", r"\1 `` ", "\"'"),
    (r"(?<!\w)'(?!(?i:re|ve|ll|m|t|s|d|n)\b)(?=\w)", "' ", "'"),
    # Punctuation. The full stop is split off at the end of the sentence alone.
    (r"""([^.])(\.)([\])}>"'»”’ ]*+)\s*$""", r"\1 \2 \3 ", "."),
    (r"([:,])([^\d])", r" \1 \2", ":,"),
    (r"([:,])$", r" \1 ", ":,"),
    (r"(\.{2,})", r" \1 ", "."),
    (r"([;@#$%&]|[\u2012-\u2015])", r" \1 ", ";@#$%&\u2012\u2013\u2014\u2015"),
    (r"""([^.])(\.)([\])}>"']*+)\s*$""", r"\1 \2\3 ", "."),
    (r"([?!])", r" \1 ", "?!"),
    (r"([^'])' ", r"\1 ' ", "'"),
    (r"([*\]\[(){}<>])", r" \1 ", "*[](){}<>"),
    (r"--", " -- ", "-"),
)
_AFTER_PADDING = _rules(
    # Closing quotes and clitics.
    (r"([»”’])", r" \1 ", "»”’"),
    (r"''", " '' ", "'"),
    (r'"', " '' ", '"'),
    (r"\s+", " ", "'"),
    (r"([^' ])('[sS]|'[mM]|'[dD]|') ", r"\1 \2 ", "'"),
    (r"([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", r"\1 \2 ", "'"),
    # Words that were two.
    (r"(?i)\b(can)(not)\b", r" \1 \2 ", {_WORD}),
    (r"(?i)\b(d)('ye)\b", r" \1 \2 ", "'"),
    (r"(?i)\b(gim|lem)(me)\b", r" \1 \2 ", {_WORD}),
    (r"(?i)\b(gon)(na)\b", r" \1 \2 ", {_WORD}),
    (r"(?i)\b(got)(ta)\b", r" \1 \2 ", {_WORD}),
    (r"(?i)\b(more)('n)\b", r" \1 \2 ", "'"),
    (r"(?i)\b(wan)(na)(?=\s)", r" \1 \2 ", {_WORD}),
    (r"(?i) ('t)(is|was)\b", r" \1 \2 ", "'"),
)
# A text of these characters alone is split by the rules at spaces and nowhere else, unless one of the joined words is in it.
_PLAIN = re.compile(r"[\w _\-/+=\n\t]*[.?!]?")
_JOINED = re.compile(r"(?i)cannot|gimme|lemme|gonna|gotta|wanna|--")


def sentences(text: str) -> list[str]:
    """``text`` cut into sentences by rule; one sentence for text without an end mark inside."""
    pieces, start = [], 0
    for match in _BREAK.finditer(text):
        word = match[1]
        stem = word[:-1].lower().lstrip("(\"'“‘[{")
        if word.endswith(".") and (stem in _ABBREVIATIONS or (len(stem) == 1 and stem.isalpha() and word[0].isupper())):
            continue
        pieces.append(text[start : match.end()].strip())
        start = match.end()
    pieces.append(text[start:].strip())
    return [piece for piece in pieces if piece]


def sentence_words(sentence: str) -> list[str]:
    """Treebank tokens of one sentence.

    >>> sentence_words("They can't pay $3.50, I'm told.")
    ['They', 'ca', "n't", 'pay', '$', '3.50', ',', 'I', "'m", 'told', '.']
    """
    joined = _JOINED.search(sentence)
    if not joined and _PLAIN.fullmatch(sentence):
        if sentence[-1:] in ("?", "!"):
            return [*sentence[:-1].split(), sentence[-1]]
        if sentence[-1:] == "." and len(sentence) > 1:
            return [*sentence[:-1].split(), "."]
        return sentence.split()
    # Rules whose characters are not there are passed over: most texts need few of them.
    there = {*sentence, *((_WORD,) if joined else ())}
    if '"' in there:
        there.add("'")  # which the rules make of it
    for pattern, replacement, trigger in _BEFORE_PADDING:
        if not there.isdisjoint(trigger):
            sentence = pattern.sub(replacement, sentence)
    sentence = f" {sentence} "
    for pattern, replacement, trigger in _AFTER_PADDING:
        if not there.isdisjoint(trigger):
            sentence = pattern.sub(replacement, sentence)
    return sentence.split()


def words(text: str) -> list[str]:
    """Treebank tokens of all sentences; letters of scripts without spaces stand alone.

    >>> words("Mr. Li left. He said 我不去。")
    ['Mr.', 'Li', 'left', '.', 'He', 'said', '我', '不', '去', '。']
    """
    text = split_unspaced(text)
    if not _BREAK.search(text):
        return sentence_words(text)
    return [word for sentence in sentences(text) for word in sentence_words(sentence)]

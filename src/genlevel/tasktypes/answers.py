"""How a model's text is read: the words that are its answer, labels, numbers, yes and no.

The rules are those of a person who grades: the answer alone, marked as the answer, or stated at the end. Nothing is ever
found as a part of a longer word or number, and what names two answers names none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from genlevel.errors import UnreadableAnswer
from genlevel.records import Part
from genlevel.tasktypes.numbers import as_number, find_numbers, leading_number

__all__ = [
    "ANSWER_LIMIT",
    "bare",
    "final_answers",
    "last_statement",
    "normal",
    "read_label",
    "read_number",
    "read_text",
    "read_yes_no",
    "text_of",
]

ANSWER_LIMIT: Final = 20_000
"""Characters of prose that are read for a short answer: its first and its last half."""
TEXT_LIMIT: Final = 4_000_000
"""Characters of an answer that is itself the text, or that holds arrays."""
_REASONING: Final = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_MARKUP: Final = re.compile(
    r"\*{1,3}|`{1,3}|\\boxed\b|\\(?:text|math)(?:bf|it|rm)?\b|\$|</?(?:answer|b|strong|em)>|</s>|<\|\w{1,20}\|>|_{2}",
    re.IGNORECASE,
)
_EDGES: Final = " \t\r\n\u200b\u2060\ufeff\"'“”‘’«»()[]{}<>.,;:!?。，！？：；、*`_-–—•"
# A "#" may end a label ("C#") but begins a heading.
_MARKER: Final = re.compile(
    r"(?:\b(?:answer|ans|label|category|class|choice|option|prediction|response|output|result)\b"
    r"(?:[ \t]+(?:choice|option|label|category|class))?"
    r"(?:[ \t]+to[ \t]+(?:the|this|your)[ \t]+question)?"
    r"[*_`\"']{0,3}[ \t]*(?:\b(?:is|(?:should|would|must|will)[ \t]+be)\b[ \t]*:?|:|=|：|[-–—](?=[ \t]))"
    r"|(?:答案|选项|选择)(?:应该|应)?(?:是|为|选)?[ \t]*[:：]?|选(?=[ \t]*[(（]?[A-Za-z])|####|\\boxed(?=\{)|<answer>)",
    re.IGNORECASE,
)
_SENTENCE_END: Final = re.compile(r"[.!?。！？](?=[\s\"'”’)*]|\Z)|\n")
_LATIN_MARKS: Final = re.compile("[̀-ͯ]")


def text_of(parts: Sequence[Part], limit: int = ANSWER_LIMIT) -> str:
    """The text of an answer without reasoning in ``<think>`` tags and outer white space.

    Of a text longer than ``limit`` the first and the last half are kept.

    Raises:
        UnreadableAnswer: there is no text, or nothing but reasoning.
    """
    found = [part.text for part in parts if part.kind == "text"]
    if not found:
        kinds = ", ".join(sorted({part.kind for part in parts})) or "nothing"
        raise UnreadableAnswer(f"a text is asked for and the answer holds {kinds}")
    text = _without_reasoning("\n".join(found))
    if len(text) > limit:
        half = limit // 2
        text = f"{text[:half]}\n{text[-half:]}"
    text = text.replace("\0", " ").strip()
    if not text:
        raise UnreadableAnswer("the answer is empty" if not any(found) else "the answer is empty beside its reasoning")
    return text


def _without_reasoning(text: str) -> str:
    if "<" not in text:
        return text
    kept: list[str] = []
    at = depth = 0
    for tag in _REASONING.finditer(text):
        if tag.group(1):  # a closing tag; without an opening one all before it is reasoning
            if depth == 0:
                kept.clear()
            depth = max(depth - 1, 0)
        else:
            if depth == 0:
                kept.append(text[at : tag.start()])
            depth += 1
        at = tag.end()
    if depth == 0:
        kept.append(text[at:])
    return "".join(kept)


def normal(text: str) -> str:
    """A text as it is compared: words in lower case with single spaces.

    Punctuation, quotes, accents of Latin letters and white space do not count. Signs that change the meaning do: ``+``,
    ``#``, ``%``, ``=``, currency and the like, a minus before a digit, and points and commas inside a number ("1,200" is
    "1200").

    >>> normal(" The T-shirt's “Red”! "), normal("C++"), normal("-1.50")
    ('the t shirts red', 'c++', '-1.50')
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFC", _LATIN_MARKS.sub("", unicodedata.normalize("NFKD", folded)))
    folded = folded.replace("−", "-").replace("’", "'").replace("'", "")
    return " ".join("".join(_kept(folded)).split())


def _kept(text: str) -> list[str]:
    out = []
    last = len(text) - 1
    for i, c in enumerate(text):
        if c.isalnum() or c in "#%&@" or unicodedata.category(c)[0] in "SM":
            out.append("" if c == "`" else c)
            continue
        before = text[i - 1].isdigit() if i else False
        after = text[i + 1].isdigit() if i < last else False
        if c == "." and after and (before or i == 0 or text[i - 1].isspace()):
            out.append(".")
        elif c == "," and before and text[i + 1 : i + 4].isdigit() and not text[i + 4 : i + 5].isdigit():
            continue
        elif c == "-" and after and (i == 0 or not text[i - 1].isalnum()):
            out.append("-")
        elif c in ":/" and before and after:
            out.append(c)
        else:
            out.append(" ")
    return out


def bare(text: str) -> str:
    """A text without markup for emphasis and mathematics, and without punctuation around it."""
    return _MARKUP.sub("", text).lstrip("# \t\r\n").strip(_EDGES)


def final_answers(text: str) -> list[str]:
    """What a text calls its answer, the last time first: the rest of the line after "answer is", "Answer:", "####", ..."""
    found = []
    for match in list(_MARKER.finditer(text))[-8:]:
        rest = text[match.end() : match.end() + 2000].lstrip(" \t*_`:\n\r")
        if match.group().startswith("\\boxed"):
            rest = _braced(rest)
        rest = rest.split("</answer>", 1)[0].split("\n", 1)[0].strip()
        if bare(rest):
            found.append(rest)
    return found[::-1]


def _braced(text: str) -> str:
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "{") - (c == "}")
        if depth == 0:
            return text[1:i]
    return text


def last_statement(text: str) -> str:
    """The last line or sentence of a text that says something."""
    ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    for start, end in zip(ends[-2::-1], ends[:0:-1], strict=True):
        if bare(text[start:end]):
            return text[start:end].strip()
    return text


_LEAD_IN: Final = re.compile(
    r"[*_#\s]{0,10}(?:(?:the|my|final|correct)[ \t]+){0,3}answer[*_]{0,3}(?:[ \t]*[:：]|[ \t]+is\b[ \t]*:?)[*_]{0,3}\s*",
    re.IGNORECASE,
)
_BOLD: Final = re.compile(r"(\*\*|__)([^*_\n]+)\1[.]?")


def read_text(text: str) -> str:
    """An answer that is itself the text: without a leading "Answer:" or "The answer is", and without bold all around."""
    match = _LEAD_IN.match(text)
    rest = (text[match.end() :].strip() if match else "") or text
    whole = _BOLD.fullmatch(rest)
    return whole.group(2) if whole else rest


def same(answer: str, reference: str) -> bool:
    """Whether two texts are the same label: equal words, or where there are none, equal characters."""
    a, r = normal(answer), normal(reference)
    return a == r if a and r else answer.strip() == reference.strip()


def read_label(text: str, references: Sequence[str] = ()) -> str:
    """A label when it is not known which labels there are.

    The whole answer counts, or what it calls its answer ("The answer is X", "Label: X"), or its last line where that stands
    alone, or what its last sentence ends with ("This is a Ford."). One of these that is a reference in other case, spacing
    or punctuation becomes the reference as written; otherwise the first of these is the label. A label anywhere else in a
    sentence is not looked for: "not a Ford" and "a Ford or a Honda" are no "Ford".
    """
    from genlevel.tasktypes.sentences import named_at_the_end

    candidates = [text, *final_answers(text)[:1]]
    if not candidates[1:] and "\n" in text:
        candidates.append(text.rsplit("\n", 1)[1])
    for candidate in candidates:
        for reference in references:
            if same(bare(candidate), bare(reference)) or same(_without_article(bare(candidate)), bare(reference)):
                return reference
    named = named_at_the_end(text, references)
    if named is not None:
        return named
    return bare(candidates[-1] if len(candidates) > 1 else text) or text


def _without_article(text: str) -> str:
    return re.sub(r"\A(?:an?|the)\s+", "", text, flags=re.IGNORECASE)


_YES: Final = frozenset({"yes", "y", "yeah", "yep", "true", "correct", "是", "是的", "对", "正确"})
_NO: Final = frozenset({"no", "n", "nope", "false", "incorrect", "否", "不", "不是", "不对", "错误"})
_LEADING: Final = re.compile(
    r"\W{0,20}(yes|no)\b[*_\"'`]{0,3}(?:\s*(?:[.,;:!()\n–—]|-\s|\Z)|\s+(?:it|the|this|there|that|they|he|she|i)\b)",
    re.IGNORECASE,
)
_ENDING: Final = re.compile(
    r"(?:\bis|\bbe|\bsay|\bwould be|[:=,])\s*[*_\"'`(]{0,3}(yes|no)[*_\"'`).!]{0,4}\s*\Z", re.IGNORECASE
)


def read_yes_no(text: str) -> str:
    """``yes`` or ``no``: alone, first ("No, it is not."), marked or at the end ("so the answer is yes").

    Raises:
        UnreadableAnswer: neither, both, or only inside a phrase ("I have no idea", "yes and no").
    """
    whole = normal(bare(text))
    if whole in _YES | _NO:
        return "yes" if whole in _YES else "no"
    for marked in final_answers(text)[:1]:
        word = normal(bare(marked)).partition(" ")[0]
        if {"yes", "no"} <= set(normal(bare(marked)).split()[:3]):
            raise UnreadableAnswer("the answer says both yes and no")
        if word in {"yes", "no"} and (normal(bare(marked)) == word or _LEADING.match(marked)):
            return word
    leading = _LEADING.match(text)
    ending = _ENDING.search(last_statement(text)[-200:]) or _LEADING.fullmatch(last_statement(text))
    said = {match.group(1).lower() for match in (leading, ending) if match}
    if len(said) == 1:
        return said.pop()
    raise UnreadableAnswer("the answer says both yes and no" if said else "the answer says neither yes nor no")


def read_number(text: str) -> float:
    """The number that an answer gives, in digits or words.

    It is the one after the last "answer is" or in the last sentence, or the only one in the text, or the one that the text
    begins with where a new line or a bracket follows it.

    Raises:
        UnreadableAnswer: none, several, or one that is not finite.
    """
    for form in (_MARKUP.sub("", text).strip(" \t\r\n\"'.{}()[]"), bare(text)):
        whole = as_number(form)
        if whole is not None:
            return whole
    stated = final_answers(text)[:1]
    for place in stated or [text]:
        first = leading_number(place)
        if first is not None:
            return first
    for place in (*stated, last_statement(text), text):
        found = set(find_numbers(place)) or set(find_numbers(bare(place)))
        if len(found) > 1 and "=" in place:  # 3 + 4 = 7
            found = set(find_numbers(place.rsplit("=", 1)[1])) or found
        if len(found) == 1:
            return found.pop()
        if len(found) > 1:
            shown = ", ".join(f"{n:g}" for n in sorted(found)[:4])
            raise UnreadableAnswer(f"the answer holds {len(found)} numbers ({shown}) and does not say which one it is")
    raise UnreadableAnswer("the answer holds no number")

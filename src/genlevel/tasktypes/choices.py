"""Which of the given options an answer means."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from genlevel.errors import UnreadableAnswer
from genlevel.tasktypes.answers import bare, final_answers, last_statement, normal, read_yes_no

__all__ = ["LETTERS", "letter_index", "read_choice", "read_letter"]

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WHOLE_LETTER: Final = re.compile(
    r"(?:(?:option|choice|answer|letter)\s*:?\s*)?[(\[{]?([A-Za-z])[)\]}]?\.?", re.IGNORECASE
)
# "B) text", "(B) text", "B. text", "B: text", "B - text"
_LETTER_FIRST: Final = re.compile(
    r"\W{0,8}(?:(?:option|choice)\s+)?(?:[(\[{]([A-Za-z])[)\]}]|([A-Za-z])\s?[).:\]—–]|([A-Za-z])\s+[-—–]\s)",
    re.IGNORECASE,
)
# "B is correct", "B because ..." at the start
_LETTER_THEN: Final = re.compile(
    r"\W{0,8}(?:(?:option|choice)\s+)?([A-Z])[*_`\"']{0,3}\s*"
    # but not "B is wrong"
    r"(?:,|\n|\((?![A-Z]\))"
    r"|(?:\b|\s)(?:is(?!n['’]t|\s+(?:not|wrong|incorrect|false|out)\b)|because|since|as|would(?!n['’]t|\s+not)|seems|appears"
    r"|rather|instead|(?:and\s+)?not)\b)"
)
_MARKED_LETTER: Final = re.compile(
    r"[(\[]([A-Z])[)\]]|\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer|OPTION|choose|pick|select|go with)\s+[(*_`\"']{0,3}([A-Z])\b(?!['’-])"
)
_ENDING_LETTER: Final = re.compile(
    r"(?:\b(?:is|[Ii]t['’]s|[Tt]hat['’]s|so|thus|hence|therefore|be|"
    r"choose|choosing|pick|picked|select|say|with|answer|option|choice|go for)|[:=→,])"
    r"\s*[(*_`\"'\[]{0,4}([A-Z])[)*_`\"'\].!]{0,5}\s*\Z"
)
# "A, B", "A/B", "A (or B)": both
_LISTED_LETTERS: Final = re.compile(
    r"\b([A-Z])\b[\s\"')\]*]{0,4}(?:[,/|;&]|(?<=[\s(])(?:or|and)\b|\((?=or|and))[\s\"'(\[*]{0,4}(?:(?:or|and)\s+)?[(\[]?([A-Z])\b(?!['’-])"
)
_CLAUSE: Final = re.compile(r"(?<=[.,;:!?])\s+|\n")
_ARTICLE: Final = re.compile(r"\A(?:an?|the) (?=.)", re.IGNORECASE)
_NEGATION: Final = frozenset(
    "not no never neither nor isnt arent wasnt werent doesnt dont wouldnt cannot cant without excluding except".split()  # noqa: SIM905
)
_NEGATION_PAIRS: Final = (("rather", "than"), ("instead", "of"), ("ruled", "out"), ("rule", "out"), ("other", "than"))
_BUT: Final = (("anything", "but"), ("everything", "but"), ("all", "but"))
_BECAUSE: Final = re.compile(r",?\s+(?:because|since|as|rather\s+than|instead\s+of|and\s+not|not)\b.*", re.DOTALL)
_REACH: Final = 3
_FULL_WIDTH: Final[dict[int, int | str]] = {
    **{c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)},
    ord("【"): "[",
    ord("】"): "]",
    ord("、"): ",",
}


def letter_index(letter: str, count: int) -> int | None:
    """The option that a letter stands for, or None if there are not so many."""
    index = LETTERS.find(letter.upper()) if len(letter) == 1 else -1
    return index if 0 <= index < count else None


def read_choice(text: str, choices: Sequence[str], *, lettered: bool = True) -> int:
    """The index of the one option that an answer names.

    In order: the whole answer; what it calls its answer; its first line or its last line or sentence, where that is an
    option alone; its first words ("B) ..."); the only option whose words, or whose letter in brackets, occur in it. At each
    step a letter, the option's text, or both together are understood, and two different options make the answer unreadable.
    The article "A" is no option, an option's text must occur as whole words, an option inside a longer one does not count,
    nor one that is denied ("not malignant").

    Args:
        text: the answer, without reasoning.
        choices: the options' texts.
        lettered: whether the model was shown letters. If not, an option's own text comes before a letter's meaning.

    Raises:
        UnreadableAnswer: no option is named, or several.
    """
    text, choices = text.translate(_FULL_WIDTH), [choice.translate(_FULL_WIDTH) for choice in choices]
    reader = _Choices(choices, lettered)
    last = last_statement(text)
    marked = [m for answer in final_answers(text)[:1] for m in dict.fromkeys((answer, _BECAUSE.sub("", answer)))]
    steps = [text, *marked]
    if last != text and not _goes_through(text):
        steps.append(last)
    found = reader.alone(text)
    if found is not None:
        return found
    for step in marked:
        found = reader.whole(step)
        if found is not None:
            return found
    ends = (reader.alone(text.split("\n", 1)[0]), reader.alone(last))
    if None not in ends and ends[0] != ends[1]:
        raise UnreadableAnswer("the answer begins with one option and ends with another")
    for end in ends:
        if end is not None:
            return end
    for step in (text, *steps[1 + len(marked) :]):
        found = reader.whole(step)
        if found is not None:
            return found
    if reader.yes_no:
        return reader.index[read_yes_no(text)]
    for step in (*steps[1:], text):
        named = reader.named(step)
        if len(named) == 1:
            return named.pop()
        if len(named) > 1:
            listed = " and ".join(f"'{choices[i][:60]}'" for i in sorted(named)[:3])
            raise UnreadableAnswer(f"the answer names {len(named)} options: {listed}")
    raise UnreadableAnswer("the answer names none of the options")


def _goes_through(text: str) -> bool:
    """Whether the last two lines begin with letters that follow each other: "C) bird" and "D) fish"."""
    lines = [line for line in text.split("\n") if line.strip()][-2:]
    found = [next(g for g in match.groups() if g) for match in map(_LETTER_FIRST.match, lines) if match]
    return len(found) == 2 and ord(found[1].upper()) - ord(found[0].upper()) == 1


def read_letter(text: str) -> str:
    """The letter that an answer gives where the options' texts are not known.

    Raises:
        UnreadableAnswer: none, or several.
    """
    return LETTERS[read_choice(text, LETTERS)]


class _Choices:
    """The options, normalised once for all steps."""

    def __init__(self, choices: Sequence[str], lettered: bool) -> None:
        self.choices = choices
        self.lettered = lettered
        words = [normal(choice) for choice in choices]
        # Options that differ only in signs, such as "<" and ">" or "a." and "a": signs count then.
        self.strict = len(set(words)) < len(set(choices)) or not all(words)
        if self.strict:
            words = [" ".join(choice.casefold().split()) for choice in choices]
        # Where options are letters ("C", "C sharp"), a letter means that option, and "A" is no article.
        self.lettered_texts = any(len(word) == 1 and word.isalpha() for word in words)
        short = [_ARTICLE.sub("", word) for word in words]
        self.articles = self.strict or self.lettered_texts or len(set(short)) < len(set(words))
        self.words = words if self.articles else short
        self.index = {word: i for i, word in reversed(list(enumerate(self.words)))}
        self.yes_no = {"yes", "no"} == set(self.words)

    def normal(self, text: str) -> str:
        """Words in the form of the options' words."""
        return " ".join(text.casefold().split()) if self.strict else normal(text)

    def exactly(self, text: str) -> int | None:
        """The option whose text this is."""
        stripped = bare(text)
        forms = [text, stripped]
        if not self.articles:  # "A pear", and not the letter of "A) pear"
            forms.append(_ARTICLE.sub("", stripped))
        return next((found for form in forms if (found := self.index.get(self.normal(form))) is not None), None)

    def alone(self, text: str) -> int | None:
        """The option that a text is: its text or its letter."""
        exact = self.exactly(text)
        letter = _WHOLE_LETTER.fullmatch(bare(text))
        by_letter = self.of_letter(letter.group(1)) if letter else None
        if exact is not None and by_letter is not None and exact != by_letter and self.lettered:
            raise UnreadableAnswer(f"'{bare(text)[:40]}' is the letter of one option and the text of another")
        if exact is not None:
            return exact
        if by_letter is not None:
            return self.checked(by_letter)
        return None

    def whole(self, text: str) -> int | None:
        """The option that a text is: its text, its letter, or letter and text."""
        found = self.alone(text)
        match = _LETTER_FIRST.match(text) if found is None else None
        return self.with_letter(match, text) if match else found

    def of_letter(self, letter: str) -> int | None:
        """The option that a letter stands for: by its text where no letters were shown and options are letters."""
        if self.lettered_texts and not self.lettered:
            return self.index.get(letter.casefold())
        return letter_index(letter, len(self.choices))

    def checked(self, index: int) -> int:
        """A bare letter's option; without letters shown, "A" may as well mean an option called "Solution A"."""
        if not self.lettered and not self.lettered_texts:
            word = LETTERS[index].casefold()
            for i, words in enumerate(self.words):
                if i != index and words.split()[-1:] == [word]:
                    raise UnreadableAnswer(f"'{LETTERS[index]}' may be its option or '{self.choices[i][:60]}'")
        return index

    def with_letter(self, match: re.Match[str], text: str) -> int | None:
        """The option of "B) text"; None if there is none of that letter, or if what follows speaks of several."""
        index = self.of_letter(next(g for g in match.groups() if g))
        if index is None:
            return None
        rest = text[match.end() :].strip()
        if self.exactly(rest) == index:
            return index
        lines = rest.split("\n", 1)
        others = {next(g for g in m.groups() if g) for m in _MARKED_LETTER.finditer(lines[0])}
        # "A) too small\nB) fits" goes through the options and chooses none by that.
        later = map(_LETTER_FIRST.match, lines[1].split("\n") if lines[1:] else ())
        others |= {letter for m in later if m and (letter := next(g for g in m.groups() if g)).isupper()}
        if _WHOLE_LETTER.fullmatch(bare(rest)) or {self.of_letter(letter) for letter in others} - {index, None}:
            return None
        named = self.texts_in(lines[0])
        if named - {index}:
            if index in named:
                return None
            raise UnreadableAnswer(
                f"the letter of '{self.choices[index][:60]}' stands before the text of another option"
            )
        return index

    def named(self, text: str) -> set[int]:
        """All options that a text names and does not deny."""
        found = self.texts_in(text)
        if found and not self.lettered:
            return found
        marked = {
            next(g for g in match.groups() if g)
            for match in _MARKED_LETTER.finditer(text)
            if not _denied(
                normal(_CLAUSE.split(text[max(match.start() - 60, 0) : match.start(match.lastindex or 0)])[-1])
            )
        }
        then = _LETTER_THEN.match(text)
        # "A would be ..." may be an article; "A is ...", "A because ..." and "A, ..." are not.
        if then is not None and (then.group(1) not in "AI" or not re.search(r"would|seems|appears|as\Z", then.group())):
            marked.add(then.group(1))
        ending = _ENDING_LETTER.search(text[-300:])
        if ending is not None and not _denied(normal(_CLAUSE.split(text[-300:][: ending.start(1)])[-1])):
            marked.add(ending.group(1))
        for listed in _LISTED_LETTERS.finditer(text):
            marked.update(letter for letter in listed.groups() if letter != "I")
        indices = {self.of_letter(letter) for letter in marked}
        return found | {self.checked(i) for i in indices if i is not None}

    def texts_in(self, text: str) -> set[int]:
        """The options whose words occur in a text; longer options come first and hide those inside them."""
        clauses = [words for words in map(self.normal, _CLAUSE.split(text)) if words]
        starts, at = [], 1
        for clause in clauses:
            starts.append(at)
            at += len(clause) + 1
        line = f" {' '.join(clauses)} "
        found = set()
        for i in sorted(range(len(self.words)), key=lambda i: -len(self.words[i])):
            needle = f" {self.words[i]} "
            if len(needle) <= 3 and self.words[i].isalpha():
                continue  # a single letter is the article "a" as often as not
            pieces, end = [], 0
            while (at := line.find(needle, max(end - 1, 0))) >= 0:
                clause_start = starts[bisect_right(starts, at + 1) - 1]
                if not _denied(line[max(clause_start, at - 60) : at]):
                    found.add(i)
                pieces.append(line[end : at + 1])
                end = at + len(needle) - 1
                pieces.append("\1" * (end - at - 1))
            line = "".join([*pieces, line[end:]])
        return found


def _denied(before: str) -> bool:
    """Whether the words before an option, in its clause, deny it."""
    near = before.rsplit("\1", 1)[-1].split()[-_REACH:]
    if set(pairwise(near)).intersection(_BUT):
        return True
    if "but" in near:  # "not this but that"
        near = near[len(near) - near[::-1].index("but") :]
    pairs = set(pairwise(near))
    return bool(_NEGATION.intersection(near)) or bool(pairs.intersection(_NEGATION_PAIRS))

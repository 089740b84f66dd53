"""Language tasks whose answer is right or wrong: classes, options, labels in a text, short answers, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from genlevel.errors import RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample
from genlevel.tasktypes.answers import bare, final_answers, last_statement, normal, read_label, text_of
from genlevel.tasktypes.keys import first
from genlevel.tasktypes.numbers import as_fraction, find_numbers
from genlevel.tasktypes.reading import TextAnswer

__all__ = [
    "MathematicalReasoning",
    "MultipleChoice",
    "QuestionAnswering",
    "TextClassification",
    "TimeSeriesForecasting",
    "TokenExtraction",
]


class TextClassification(TextAnswer):
    """One label for a text.

    Example: ``{"input": {"raw_text": "Great!", "prompt": "<<<raw_text>>> Choose from: positive or negative."},
    "output": {"category": "positive"}}``. Labels that the prompt lists are options; a record with code in ``func`` and 0 or
    1 in ``target`` asks whether the code has a defect.
    """

    name = "text-classification"
    title = "Text classification"
    answer_format = "the label alone"
    reads = "label"
    prompt = "Classify the text."
    form = "Answer with the label alone."

    def shown(self, record: Record) -> dict[str, Any]:
        """With a prompt of its own for defect detection, whose records have none."""
        shown = super().shown(record)
        if first(shown, "func") is not None and first(shown, "prompt") is None:
            shown["prompt"] = "Does the code have a defect or a security flaw? Answer 1 for yes, 0 for no."
        return shown

    def label(self, text: str, references: Sequence[str]) -> str:
        """0 and 1 may be said as no and yes."""
        found = super().label(text, references)
        if found not in references and set(references) <= {"0", "1"}:
            word = normal(found).partition(" ")[0]
            return {"yes": "1", "true": "1", "no": "0", "false": "0"}.get(word, found)
        return found


class MultipleChoice(TextAnswer):
    """A question with options; letters and options' texts are both understood, in ``output`` as in answers.

    Example: ``{"input": {"question": "2 + 2?", "options": ["3", "4"]}, "output": {"answer": "B"}}``.
    """

    name = "multiple-choice"
    title = "Multiple choice"
    answer_format = "the letter of the right option, or its text"
    reads = "choice"
    prompt = "Answer the question."
    form = "Answer with the letter of the right option."


class QuestionAnswering(TextAnswer):
    """A question, maybe about a context or a table, answered in a few words.

    Example: ``{"input": {"context": "...", "question": "Who came?"}, "output": {"answer": ["Ann", "Miss Ann"]}}``.
    """

    name = "question-answering"
    title = "Question answering"
    answer_format = "a short answer"
    reads = "text"
    prompt = "Answer the question."
    form = "Answer briefly, with the answer alone."

    def shown(self, record: Record) -> dict[str, Any]:
        """With a prompt that fits a text with a gap."""
        shown = super().shown(record)
        if first(shown, "prompt") is None and "<MASK>" in str(first(shown, "question")):
            shown["prompt"] = "Say what stands in the place of <MASK>."
        return shown


class TokenExtraction(TextAnswer):
    """The set of labels in a text: entities, relations, events, tuples, tags. Order and case do not count.

    Example: ``{"input": {"raw_text": "Ann met Bo.", "prompt": "Name the people in: <<<raw_text>>>"},
    "output": {"text": "Ann, Bo"}}``.
    """

    name = "token-extraction"
    title = "Extraction of labels"
    answer_format = "the labels, separated by commas, lines or as a JSON list"
    reads = "set"
    prompt = "Extract all items from the text."


class MathematicalReasoning(TextAnswer):
    """A problem with one final answer. Numbers are compared by value: "72." is 72, "1/2" is 0.5.

    Example: ``{"problem": {"text": "2 + 2?", "constraints": []}, "output": {"solution": {"final_answer": 4}}}``.
    """

    name = "mathematical-reasoning"
    title = "Mathematical reasoning"
    answer_format = "the final answer, at the end or after 'Answer:'"
    reads = "label"
    prompt = "Solve the problem."
    form = "End with a line 'Answer: ' and the final answer."
    keys = ("solution.final_answer", "final_answer")
    beside = ("solution.final_answer", "final_answer")

    def label(self, text: str, references: Sequence[str]) -> str:
        """The final answer; a reference of the same value becomes that reference."""
        found = read_label(text, references)
        if found in references:
            return found
        values = {r: v for r in references if (v := _value(r)) is not None}
        if not values:
            return found
        value = _final_value(text)
        if value is None:
            raise UnreadableAnswer("the answer ends with no number")
        return next((r for r, v in values.items() if _equal(v, value)), found)


def _value(text: str) -> Fraction | None:
    """The value of an answer, with a unit after it or a currency before it: "72 km", "$5"."""
    value = as_fraction(bare(text)) if as_fraction(text) is None else as_fraction(text)
    if value is not None:
        return value
    numbers = find_numbers(bare(text)) if any(c.isdigit() for c in text) else []
    return Fraction(numbers[0]) if len(numbers) == 1 else None


def _final_value(text: str) -> Fraction | None:
    """The value after the last "answer is", after the last "=", or alone in the last sentence."""
    for place in (*final_answers(text)[:1], last_statement(text)):
        for form in (place, place.rsplit("=", 1)[-1]):
            value = _value(form)
            if value is not None:
                return value
    return None


def _equal(a: Fraction, b: Fraction) -> bool:
    """Equal in value; decimals that were rounded to floats agree to nine places."""
    return a == b or abs(a - b) <= max(abs(a), abs(b)) / 10**9


class TimeSeriesForecasting(TextAnswer):
    """The next value or values of a series.

    Example: ``{"input": {"data": [1, 2, 3]}, "output": {"target": [4, 5]}}``.
    """

    name = "time-series-forecasting"
    title = "Time series forecasting"
    writes = "numbers"
    answer_format = "the numbers alone, as many as asked for, separated by commas"
    prompt = "Continue the series."
    form = "Answer with the next values alone, separated by commas."
    keys = ("target",)
    beside = ("target",)

    def read(self, record: Record) -> Sample:
        """The reference is a float or a float64 array of shape (n,)."""
        from genlevel.tasktypes.arrays import number_array
        from genlevel.tasktypes.keys import output_of
        from genlevel.tasktypes.prompts import compose

        shown = self.shown(record)
        target = output_of(record, self.keys, self.beside)
        reference: Any = None
        form = self.form
        if target is not None:
            values = number_array(target)
            if values is None or values.ndim > 1:
                raise RecordError(f"{record.where}: the target is no number and no list of numbers")
            reference = float(values) if values.ndim == 0 else values
            count = values.size
            form = (
                f"Answer with the next {count} values alone, separated by commas."
                if count > 1
                else "Answer with the next value alone."
            )
        text = compose(shown, self.prompt, form=form)
        return Sample(
            record.id, (*self.media_parts(record, shown), Part("text", text)), reference, (), {"reading": "series"}
        )

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """A float for one value, else a float64 array with as many values as the reference.

        Raises:
            UnreadableAnswer: another count of numbers, or none.
        """
        import numpy as np

        from genlevel.tasktypes.answers import read_number
        from genlevel.tasktypes.arrays import find_array

        text = text_of(parts, 1_000_000)
        if sample.reference is None or isinstance(sample.reference, float):
            return read_number(text[-20_000:])
        values = find_array(text)
        if values is None:
            found = [
                n
                for place in (*final_answers(text)[:1], last_statement(text), text)
                if len(n := find_numbers(place)) == len(sample.reference)
            ]
            values = np.asarray(found[0] if found else find_numbers(text), np.float64)
        values = values.reshape(-1)
        if len(values) != len(sample.reference):
            raise UnreadableAnswer(f"the answer holds {len(values)} numbers; {len(sample.reference)} are asked for")
        return values

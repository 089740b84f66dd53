"""Language tasks whose answer is a text: generated, translated, summarised, or code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from genlevel.records import Record, Sample
from genlevel.tasktypes.answers import read_text
from genlevel.tasktypes.keys import first
from genlevel.tasktypes.literals import fenced
from genlevel.tasktypes.reading import TextAnswer

__all__ = ["CodeGeneration", "Dialogue", "Summarization", "TextGeneration", "TextToSql", "Translation"]


class TextGeneration(TextAnswer):
    """A text written to order: a story, a paraphrase, a correction, an explanation, a proof.

    Example: ``{"input": {"originalSentence": "He ran."}, "output": {"paraphraseSentence": "He was running."}}``.
    """

    name = "text-generation"
    title = "Text generation"
    answer_format = "the text alone"
    prompt = "Write the text that is asked for."
    form = "Answer with the text alone."
    keys: ClassVar[tuple[str, ...]] = (
        "story",
        "nl",
        "paraphraseSentence",
        "Standard English",
        "response.text",
        "response.content",
        "proof",
        "highlights",
        "sentence",
        "steps",
    )
    beside = ("proof", "nl", "story", "paraphraseSentence", "Standard English", "response.text")

    _PROMPTS = (
        (("Ungrammatical Statement",), "Correct the grammar of the sentence."),
        (("originalSentence",), "Write the sentence again in other words."),
        (("statement",), "Prove the statement step by step and end with a line 'Conclusion: ' and what is proven."),
        (("style",), "Write the text again in the style named."),
        (("table",), "Describe the table in words."),
        (("code", "func", "sourceCode"), "Explain in one sentence what the code does."),
    )

    def shown(self, record: Record) -> dict[str, Any]:
        """With the prompt that fits the kind of record, where it has none."""
        shown = super().shown(record)
        if first(shown, "prompt") is None:
            for keys, prompt in self._PROMPTS:
                if first(shown, *keys) is not None:
                    shown["prompt"] = prompt
                    break
        return shown

    def plain(self, answer: Any) -> Any:
        """A proof as its steps and conclusion, a line each."""
        if isinstance(answer, Mapping):
            steps, conclusion = first(answer, "steps"), first(answer, "conclusion")
            lines = [str(s) for s in steps] if isinstance(steps, list) else [str(steps)] if steps else []
            if lines or conclusion is not None:
                return "\n".join([*lines, *([f"Conclusion: {conclusion}"] if conclusion is not None else [])])
            return first(answer, "text", "content") or answer
        return answer


class Summarization(TextAnswer):
    """A summary of one or several documents.

    Example: ``{"document": "...", "output": {"summary": "..."}}``.
    """

    name = "summarization"
    title = "Summarization"
    answer_format = "the summary alone"
    prompt = "Summarize the text."
    form = "Answer with the summary alone."
    keys = ("summary", "highlights")
    beside = ("summary", "highlights")


class Translation(TextAnswer):
    """A text in another language.

    Example: ``{"in": "English", "out": "French", "input": {"text": "Hello"}, "output": {"translation": "Bonjour"}}``.
    """

    name = "translation"
    title = "Translation"
    answer_format = "the translation alone"
    prompt = "Translate the text."
    form = "Answer with the translation alone."
    keys = ("translation",)
    beside = ("translation",)
    hidden = ("in", "out")

    def shown(self, record: Record) -> dict[str, Any]:
        """With a prompt that names the languages."""
        shown = super().shown(record)
        source, target = first(shown, "in"), first(shown, "out")
        if first(shown, "prompt") is None and isinstance(target, str):
            start = f" from {source}" if isinstance(source, str) else ""
            shown["prompt"] = f"Translate the text{start} to {target}."
        return shown


class Dialogue(TextAnswer):
    """The next turn of a dialogue.

    Example: ``{"dialog": ["Hello.", "Hi! How are you?"], "output": {"response": "Fine, thanks."}}``.
    """

    name = "dialogue"
    title = "Dialogue"
    answer_format = "the next turn alone"
    prompt = "Continue the dialogue with its next turn."
    form = "Answer with the next turn alone."
    keys = ("response", "reference")
    beside = ("response", "reference")

    def shown(self, record: Record) -> dict[str, Any]:
        """With the turns as lines that begin with A and B in turn."""
        shown = super().shown(record)
        for key, value in shown.items():
            if isinstance(value, list) and key.casefold() in {"dialog", "dialogue", "history", "turns"}:
                shown[key] = [
                    f"{'AB'[i % 2]}: {turn}" if isinstance(turn, str) else turn for i, turn in enumerate(value)
                ]
        return shown


class CodeGeneration(TextAnswer):
    """Code written or repaired. Of an answer with code fences the longest fenced block is the code.

    Example: ``{"language": "Python", "goal": "Add two numbers.", "output": {"response": {"content": "def add(a, b): ..."}}}``.
    """

    name = "code-generation"
    title = "Code generation"
    answer_format = "the code, alone or in a code fence"
    prompt = "Write the code that is asked for."
    form = "Answer with the code alone."
    keys: ClassVar[tuple[str, ...]] = ("response.content", "repairCode", "code", "response.text")
    beside: ClassVar[tuple[str, ...]] = ("response.content", "repairCode")

    def text(self, text: str, sample: Sample) -> str:
        """The code of an answer."""
        return _code(text)


class TextToSql(CodeGeneration):
    """A question about a database as a query.

    Example: ``{"input": {"context": "CREATE TABLE t (a INT)", "question": "How many?"},
    "output": {"sql": "SELECT COUNT(*) FROM t"}}``.
    """

    name = "text-to-sql"
    title = "Text to SQL"
    answer_format = "the query, alone or in a code fence"
    prompt = "Write one SQL query that answers the question."
    form = "Answer with the query alone."
    keys = ("sql", "query")
    beside = ("sql", "query")

    def text(self, text: str, sample: Sample) -> str:
        """The query of an answer; a reference in other case or spacing becomes that reference."""
        references = sample.reference if isinstance(sample.reference, list) else [sample.reference]
        code = read_text(_code(text))
        squeezed = " ".join(code.rstrip("; \n").split())
        return next(
            (r for r in references if isinstance(r, str) and " ".join(r.rstrip("; \n").split()) == squeezed), code
        )


def _code(text: str) -> str:
    blocks = [block for block in fenced(text) if block.strip()]
    return max(blocks, key=len).rstrip() if blocks else text

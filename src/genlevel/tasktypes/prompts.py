"""The text that a model is shown: the record's own words, its texts in place, and the form that the answer must have."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from genlevel.tasktypes.choices import LETTERS
from genlevel.tasktypes.keys import first, fold_key, format_number, names_media
from genlevel.tasktypes.options import OPTION_KEYS, Options, option_letter_keys

__all__ = ["compose", "is_placeholder", "option_lines", "render", "says_format"]

_PLACE: Final = re.compile(r"<<<[ \t]{0,4}([^<>\n]{1,60}?)[ \t]{0,4}>>>")
_OWN: Final = frozenset(map(fold_key, ("prompt", "question", "instruction", *OPTION_KEYS)))
_UNTITLED: Final = frozenset(
    {"input", "text", "rawtext", "document", "caption", "sentence", "problem", "dialog", "dialogue"}
)
_SILENT: Final = frozenset(
    {"classes", "framecount", "box", "bbox", "initbox", "width", "height", "source", "originalvideoid", "metadata"}
)
_SAYS: Final = re.compile(
    r"\b(?:answer|respond|reply|return|output|provide|give|write)\b[^.\n]{0,60}\b(?:only|just|with|as|in|name|letter|word|format|json)\b"
    r"|\bonly\b|\bformat\b|\bselect(?:ing)? one\b|\bchoose (?:one|from)\b|\bjson\b",
    re.IGNORECASE,
)


def is_placeholder(prompt: str) -> bool:
    """Whether a prompt is the note that each model's user writes a prompt.

    >>> is_placeholder("users' specifically-defined prompts for different models")
    True
    """
    return not prompt.strip() or (len(prompt) < 200 and "specificallydefinedprompt" in fold_key(prompt))


def says_format(prompt: str) -> bool:
    """Whether a prompt itself says how to answer, e.g. "Provide only the category name"."""
    return _SAYS.search(prompt) is not None


def compose(
    shown: Mapping[str, Any],
    default: str,
    *,
    options: Options | None = None,
    letters: bool = True,
    facts: str = "",
    form: str = "",
    hidden: Collection[str] = (),
) -> str:
    """The prompt for one record.

    In order: texts that the prompt does not hold itself, the prompt, the question, the options, ``facts``, and ``form``,
    which says how to answer. ``<<<key>>>`` in prompt and question stands for the text under that key.

    Args:
        shown: the record's input.
        default: the task type's prompt, used where the record has none.
        options: the record's options, listed if they stand in a key of their own.
        letters: whether each of them gets a letter.
        facts: what must be said besides, such as the numbers of classes.
        form: how to answer; left out if the record's own words say it.
        hidden: further keys that are not shown.
    """
    skip = {fold_key(k) for k in hidden} | _OWN | _SILENT
    keys = option_letter_keys(shown)
    fields = {k: v for k, v in shown.items() if fold_key(k) not in skip and k not in keys and not names_media(k, v)}
    own = first(shown, "prompt", "instruction")
    prompt = own if isinstance(own, str) and not is_placeholder(own) else default
    question = first(shown, "question")
    question = render(question) if question is not None else ""
    prompt, used_prompt = _filled(prompt, shown)
    question, used_question = _filled(question, shown)
    lines = [_titled(k, v) for k, v in fields.items() if k not in used_prompt | used_question]
    said = prompt if own is not None and prompt != default else ""
    lines += [prompt] if normal_in(prompt, question) else [prompt, question]
    if options is not None and options.separate:
        lines.append(option_lines(options.texts, letters=letters))
    if facts:
        lines.append(facts)
    if form and not says_format(f"{said}\n{question}"):
        lines.append(form)
    return "\n".join(line for line in lines if line.strip())


def normal_in(prompt: str, question: str) -> bool:
    """Whether the prompt holds the question already."""
    return bool(question.strip()) and question.strip() in prompt


def option_lines(options: Collection[str], *, letters: bool = True) -> str:
    """Options one a line, each with its letter or a dash; with a dash where there are more options than letters."""
    if not letters or len(options) > len(LETTERS):
        return "\n".join(f"- {option}" for option in options)
    return "\n".join(f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False))


def _filled(text: str, shown: Mapping[str, Any]) -> tuple[str, set[str]]:
    """The text with its places filled, and the keys that filled them."""
    by_fold = {fold_key(k): k for k in shown}
    used: set[str] = set()

    def fill(match: re.Match[str]) -> str:
        key = by_fold.get(fold_key(match.group(1)))
        if key is None:
            return match.group()
        used.add(key)
        return render(shown[key])

    return _PLACE.sub(fill, text), used


def _titled(key: str, value: Any) -> str:
    body = render(value)
    if not body.strip() or fold_key(key) in _UNTITLED:
        return body
    title = " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key).replace("_", " ").split())
    mark = "\n" if "\n" in body or len(body) > 200 else " "
    return f"{title[:1].upper()}{title[1:]}:{mark}{body}"


def render(value: Any) -> str:
    """A value of a record as text: lists as lines, tables with bars, objects as "key: value" lines."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, (int, float)):
        return format_number(value)
    if isinstance(value, Mapping):
        header, rows = first(value, "header", "headers", "columns"), first(value, "rows", "row", "data")
        if isinstance(header, list) and isinstance(rows, list):
            return _table([header, *rows])
        if set(value) <= {"type", "content"} and isinstance(value.get("content"), str):
            return str(value["content"])
        lines = [(k, render(v)) for k, v in value.items() if v not in ([], {}, "", None)]
        return "\n".join(v if k == "text" else f"{k}: {v}" for k, v in lines)
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(row, list) for row in value):
            return _table(list(value))
        if value and all(isinstance(item, (int, float)) for item in value):
            return ", ".join(map(render, value))
        return "\n".join(map(render, value))
    return json.dumps(value, ensure_ascii=False, default=str)


def _table(rows: list[Any]) -> str:
    return "\n".join(
        " | ".join(" ".join(render(cell).split()) for cell in (row if isinstance(row, list) else [row])) for row in rows
    )

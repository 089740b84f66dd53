"""Prompts of one's own: a TOML file with a template for each task type or task that is to be asked differently."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from genlevel.errors import DataError
from genlevel.records import Task
from genlevel.tasktypes import TASK_TYPES

__all__ = ["PLACE", "Templates", "read_templates"]

PLACE: Final = "{prompt}"
"""Stands in a template for the text that would be asked without it."""
_LIMIT: Final = 1_000_000
# A place's name in single braces; in double ones it is a text.
_NAMED: Final = re.compile(r"(?<!\{)\{[ \t]{0,4}[^\W\d]\w{0,40}[ \t]{0,4}\}(?!\})")


@dataclass(frozen=True, slots=True)
class Templates:
    """Templates by task type or task id; ``sha256`` is that of the file."""

    by_name: Mapping[str, str]
    sha256: str

    def of(self, task: Task) -> str:
        """The template of a task, or else of its type; '' where it is asked as always."""
        return self.by_name.get(task.id) or self.by_name.get(task.task_type, "")

    def notes(self) -> list[str]:
        """A line for each template that leaves the question out, which may not be meant."""
        return [
            f"prompts: '{name}' has no {PLACE} in it, so it replaces the whole question, options and form of answer too"
            for name, template in self.by_name.items()
            if PLACE not in template.replace(f"{{{PLACE}}}", "")
        ]

    def describe(self) -> dict[str, Any]:
        """What a run stores of them."""
        return {"sha256": self.sha256, "templates": dict(self.by_name)}


def read_templates(path: Path, task_ids: Collection[str]) -> Templates:
    """The templates of a TOML file: ``name = "template"``, where a name is a task type or a task's id.

    Args:
        path: the file.
        task_ids: the ids that there are.

    Raises:
        DataError: the file cannot be read, a name is neither, or a template is not a text.
    """
    try:
        data = path.read_bytes()
        if len(data) > _LIMIT:
            raise DataError(f"{path}: has {len(data)} bytes; prompts are at most {_LIMIT}")
        content = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path}: is no TOML ({error})") from None
    known = {*TASK_TYPES, *task_ids}
    for name, template in content.items():
        if isinstance(template, dict) and name not in known:
            raise DataError(f'{path}: [{name}] is a table; write a task\'s id in quotes: "{name}...." = "template"')
        if name not in known:
            near = difflib.get_close_matches(name, known, n=2)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise DataError(f"{path}: '{name}' is neither a task type nor a task's id{hint}")
        if not isinstance(template, str) or not template.strip():
            raise DataError(f"{path}: '{name}' must be a text, in which {PLACE} stands for what is asked otherwise")
        odd = next((place for place in _NAMED.findall(template) if place != PLACE), None)
        if odd is not None:
            raise DataError(
                f"{path}: '{name}' has {odd}, which stands for nothing; did you mean {PLACE}? (as a text: {{{odd}}})"
            )
    return Templates(content, hashlib.sha256(data).hexdigest())

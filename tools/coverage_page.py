"""Write docs/coverage.md from the catalogs, the task types and the metrics.

python tools/coverage_page.py            write the page
python tools/coverage_page.py --check    exit 1 unless it is current
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from genlevel import tasktypes
from genlevel.catalog import EDITIONS, Catalog, load
from genlevel.scoring.needs import NEEDS, Coverage, coverage

PAGE = Path(__file__).parents[1] / "docs" / "coverage.md"
INTRODUCTION = """# Coverage

<!-- Made by tools/coverage_page.py from the catalogs, task types and metrics; change them, not this page. -->

How each task of the editions is asked, answered and scored, and what scoring it needs beside the data. `genlevel tasks
--coverage` prints the same for any choice of tasks and any catalog, and says for each task whether it can be scored on this
machine now and if not, what is missing.

- **other software**: a package that one extra brings, `pip install 'genlevel[code]'` for CodeBLEU.
- **weights**: files of a published network that you bring; [weights](weights.md) lists them.
- **labels**: what a detector or recogniser of your choice found in each answer stands beside it as text;
  [task types](tasktypes.md) says in which form.
- **judge**: a model that rates answers, `genlevel score --judge SPEC`.
- **ratings**: people's ratings, `genlevel score --ratings DIR`.

A task whose needs are not at hand is reported as not scorable, with the reason, and counts as 0 in the level. A spoken
answer to `image-to-audio` takes a speech recogniser as well; its words as text do not.
"""


def page() -> str:
    """The text of docs/coverage.md."""
    editions = [(load(edition), [coverage(task) for task in load(edition)]) for edition in EDITIONS]
    parts = [INTRODUCTION, _summary(editions), _forms([row for _, rows in editions for row in rows])]
    parts += [_edition(catalog, rows) for catalog, rows in editions]
    return "\n".join(parts)


def _summary(editions: Sequence[tuple[Catalog, list[Coverage]]]) -> str:
    lines = [
        "## Summary\n",
        f"| edition | tasks | {' | '.join(NEEDS.values())} |",
        "|---" * (2 + len(NEEDS)) + "|",
    ]
    for catalog, rows in editions:
        counts = Counter(row.need for row in rows)
        lines.append(f"| {catalog.edition} | {len(rows)} | {' | '.join(str(counts[need]) for need in NEEDS)} |")
    return "\n".join([*lines, ""])


def _forms(rows: Sequence[Coverage]) -> str:
    """The answer's form, once a task type."""
    used = {row.task_type for row in rows}
    lines = ["## Answers\n", "| task type | a model takes | and makes | the answer |", "|---|---|---|---|"]
    for name in sorted(used):
        row = next(row for row in rows if row.task_type == name)
        answer = _cell(tasktypes.get(name).answer_format)
        lines.append(f"| `{name}` | {', '.join(row.takes)} | {', '.join(row.makes)} | {answer} |")
    return "\n".join([*lines, ""])


def _edition(catalog: Catalog, rows: Sequence[Coverage]) -> str:
    lines = [f"## Edition {catalog.edition}\n"]
    last = ""
    for row in rows:
        task = catalog.tasks[row.task_id]
        head = task.modality if task.modality == task.paradigm else f"{task.modality}, {task.paradigm}"
        if head != last:
            lines += [
                *([""] if last else []),
                f"### {catalog.edition}: {head}\n",
                "| task | task type | metric | needs |",
            ]
            lines.append("|---|---|---|---|")
            last = head
        name = row.task_id.removeprefix(f"{task.modality}.").removeprefix(f"{task.paradigm}.")
        lines.append(f"| {name} | `{row.task_type}` | `{row.metric}` | {_cell(row.needs)} |")
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def main(arguments: list[str]) -> int:
    """Write or check the page."""
    text = page()
    if "--check" in arguments:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print(f"{PAGE.name} is {'current' if current else 'out of date: python tools/coverage_page.py'}")
        return 0 if current else 1
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.name}: written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

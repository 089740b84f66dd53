"""Write docs/datasets-2024.md from the table of sources and the readers.

python tools/datasets_page.py            write the page
python tools/datasets_page.py --check    exit 1 unless it is current
"""

from __future__ import annotations

import sys
from pathlib import Path

from genlevel.catalog import load
from genlevel.datasets.public import reader
from genlevel.datasets.public.sources import EDITION, Source, sources

PAGE = Path(__file__).parents[1] / "docs" / "datasets-2024.md"
INTRODUCTION = """# The datasets of the 2024 edition

<!-- Made by tools/datasets_page.py from datasets/public/sources.csv and the readers; change them, not this page. -->

The edition's tasks are public datasets. Put each, as its archives unpack, into a folder of its own below one data folder:

```
data/coco/annotations/instances_val2017.json
data/coco/val2017/000000000139.jpg
data/GQA/testdev_balanced_questions.json
data/GQA/images/n161313.jpg
```

`genlevel data check data --edition 2024` then says which tasks are there, which split is read, what a folder lacks, and where
to get the others; `genlevel run --edition 2024 --data data` runs them. Folders in General-Bench's format may lie beside them,
and win where both hold a task. Below, *folder* lists the names that are known, in any case, with any separators; a folder or two
that an archive puts around its files do no harm, and neither do folders of modality and paradigm above
(`data/image/comprehension/gqa`).

Where a copy on the hub is known, `genlevel data download --edition 2024` fetches it, and it is read in place of the publisher's
files ([data](data.md)).

What holds of all of them:

- Nothing is copied or converted. Media stay where they are. A picture that has to be made (a sample of CIFAR-100, a word of
  TextOCR, a hole) is made in memory when its sample is asked.
- Where the labels of the test split are hidden the labelled split is read; the page says which.
- Label files of hundreds of megabytes are read entry by entry.
- Pickles are never read. MATLAB files are not read. Both have copies in PNG, JSON or Parquet.
- A name in a label file that is absolute, holds `..` or leads through a link out of the dataset's folder counts as missing. What
  cannot be read is one line each, counted, and the rest goes on. An image with one broken label is not used at all.
- Which samples the published scores of the edition were measured on is not known. Several of the printed accuracies are whole
  numbers of hits of 150 samples (44.67 % is 67, 70.67 % is 106). Ours are of the whole split; `--limit` takes its first.

Addresses, licences and sizes are from general knowledge of the sets and were not looked up again: ask the publisher. *unknown*
is what it says.
"""


def page() -> str:
    """The text of docs/datasets-2024.md."""
    tasks = load(EDITION).tasks
    images = [source for identifier, source in sources().items() if tasks[identifier].modality == "image"]
    parts = [INTRODUCTION, "## Images\n", *(_section(source) for source in images)]
    others = [source for identifier, source in sources().items() if tasks[identifier].modality != "image"]
    parts += ["## Language\n", *(_section(source) for source in others)]
    return "\n".join(parts)


def _section(source: Source) -> str:
    task = load(EDITION)[source.task_id]
    facts = [
        ("task", f"`{task.id}` (`{task.task_type}`, `{task.metric}`)"),
        ("folder", ", ".join(f"`{name}`" for name in source.folders)),
        ("split", source.split),
        ("published", _address(source.page)),
        ("hub", f"`{source.hub}`" if source.hub else ""),
        ("licence", source.licence),
        ("size", source.size),
        ("format", f"`{source.format}`"),
        ("note", source.notes),
    ]
    lines = [f"### {source.dataset}: {task.name.partition(' (')[0]}\n"]
    lines += [f"- {name}: {value}" for name, value in facts if value]
    layout = reader(source.format).layout if source.format else ""
    return "\n".join([*lines, *(("\n```", layout, "```") if layout else ()), ""])


def _address(page: str) -> str:
    return f"<{page}>" if page.startswith("http") else page


def main() -> int:
    """Write the page, or compare it."""
    text = page()
    if "--check" in sys.argv[1:]:
        return int(not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

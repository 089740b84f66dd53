"""Write docs/metrics.md from the metrics themselves.

python tools/metrics_page.py            write the page
python tools/metrics_page.py --check    exit 1 unless it is current
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from genlevel.cli.metrics_command import describe
from genlevel.metrics.registry import METRICS

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
# By where a metric is written; a module belongs to the first family whose beginning fits.
FAMILIES = (
    ("Labels, sets and ranks", ("classification", "retrieval")),
    ("Text", ("qa", "bleu", "rouge", "meteor", "cider", "spice", "bertscore", "edit", "vqa", "codebleu", "tables")),
    ("Boxes, relations and objects in space", ("detection",)),
    ("Masks, maps and mattes", ("segmentation", "saliency", "image_matting")),
    ("Tracks, tubes and moments", ("tracking", "video")),
    ("Numbers, depth, flow and poses", ("regression", "depth_flow", "pose")),
    ("Pictures", ("image_quality", "learned.perceptual", "learned.generation", "learned.brisque", "learned.niqe")),
    ("Pictures and videos by networks", ("learned.",)),
    ("Sound", ("audio", "learned_audio")),
    ("Points, meshes and motions", ("points", "rendered", "motion_fid")),
    ("Judged by people or models", ("judged",)),
)
INTRODUCTION = """# Metrics

<!-- Made by tools/metrics_page.py from the metrics themselves; change them, not this page. -->

`genlevel metrics` lists them, `genlevel metrics NAME` explains one with its options, and

```python
from genlevel import metrics

metrics.compute("rouge_l", ["a cat sat"], [["the cat sat", "a cat sits"]])
```

computes one, and `metrics.evaluate`, with the same arguments, also tells the share of samples that the number is of:

```python
metrics.evaluate("mae", [1.0, None], [3.0, 5.0])  # Evaluation(value=2.0, coverage=0.5)
```

What a missing answer does stands in the line `missing` of `genlevel metrics NAME`. Metrics that contain a network need files that you bring: [weights](weights.md).

A number comes in two steps. `metrics.get(NAME).measure(answers, references)` gives **evidence**: one row of statistics a
sample. `.reduce(evidence)` makes the number from the rows, `.reduce(evidence, weights)` under weights of the samples, which is
how intervals are resampled. Evidence of shards, joined by `Evidence.concat`, gives exactly the number of the whole.

## What holds of every metric

| case | what happens |
|---|---|
| an answer that is missing (`None`), unreadable, of another size or not finite | counts as the worst value, where the \
definition has one. Where it has none (errors without bound, distances between sets; marked *of the answered* below) the \
number is of the answered samples, and `coverage` tells how many those are |
| a reference that is missing or unreadable | an error in one line that names the sample |
| no sample, no weight, or nothing answered | the worst value; `inf` for an error without bound |
| both sides empty (no box, no pixel, no label) | as the definition has it: see the metric's own text |
| a constant signal, picture or list of numbers | a finite number: correlations are 0, a picture equal to its \
reference has the best value |
| identical picture or signal | PSNR and SI-SDR are cut at 100 dB |
| NaN | never comes out; where one goes in, the answer counts as missing |
| text in scripts without spaces | each letter of Chinese, Japanese, Thai, Lao, Khmer, Burmese and Tibetan is a token of its own |
| several references | the best one counts, unless the definition uses all (CIDEr-D, BLEU, VQA accuracy) \
or the first (TEDS, and the class of a sample in macro averages) |
| sizes without measure | masks above 2^26 pixels, trees above 4000 nodes and the like are refused \
before memory is taken; texts whose lengths multiply to more than 2 x 10^9 are aligned in parts, so that edits are never too few |

`unit` is `fraction` (0 to 1, printed times 100 where a catalog's scale is percent), `percent` or `raw`. A value in code is an
option's default: see `genlevel metrics NAME`.
"""


def family_of(module: str) -> str:
    """The family of a metric that is written in ``module``."""
    short = module.removeprefix("genlevel.metrics.")
    for title, beginnings in FAMILIES:
        if short.startswith(beginnings):
            return title
    raise SystemExit(f"{module} is in no family; add it to FAMILIES in {Path(__file__).name}")


def page() -> str:
    """The text of docs/metrics.md."""
    by_family: dict[str, list[tuple[str, Any]]] = {title: [] for title, _ in FAMILIES}
    for name in METRICS:
        kind = METRICS.load(name)
        by_family[family_of(kind.__module__)].append((name, kind))
    parts = [INTRODUCTION]
    for title, found in by_family.items():
        parts.append(f"## {title}\n")
        parts.append(
            "| name | title | definition | source | range | unit | better | needs |\n|---|---|---|---|---|---|---|---|"
        )
        parts.extend(_row(name, kind) for name, kind in found)
        parts.append("")
        parts.append("| name | answer and reference | options |\n|---|---|---|")
        for name, kind in found:
            told = describe(kind, name)
            options = f"`{_cell(told['options'])}`" if told["options"] else ""
            parts.append(f"| `{name}` | {_cell(told['answer'])} | {options} |")
        parts.append("")
    return "\n".join(parts)


def _row(name: str, kind: Any) -> str:
    told = describe(kind, name)
    definition = told["definition"] + ("" if kind.bounded else " (*of the answered*)")
    cells = (told["title"], definition, told["source"], told["range"], told["unit"], told["direction"], told["needs"])
    return " | ".join((f"| `{name}`", *(_cell(cell) for cell in cells))) + " |"


def _cell(text: str) -> str:
    """Text in a cell of a table: no bar ends it, and no sign in a formula is taken for markup."""
    for sign in ("|", "*"):
        text = text.replace(sign, "\\" + sign)
    return text.replace("(\\*of the answered\\*)", "(*of the answered*)").replace("<", "&lt;")


def main(arguments: list[str]) -> int:
    """Write or check the page."""
    text = page()
    if "--check" in arguments:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print(f"{PAGE.name} is {'current' if current else 'out of date: python tools/metrics_page.py'}")
        return 0 if current else 1
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.name}: {len(list(METRICS))} metrics")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

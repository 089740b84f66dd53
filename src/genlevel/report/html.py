"""The one-page HTML report of a scored run: one file, no scripts, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genlevel.catalog import Catalog
from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError, RunError
from genlevel.records import Task
from genlevel.report.samples import Card, cards
from genlevel.report.view import LEVEL_NAMES, groups, ladder, nearest_misses, share
from genlevel.scoring.extent import one_half, partial, was_not_asked
from genlevel.scoring.files import read_evidence, read_json, write_atomic

_TITLES = {"image": "Image", "video": "Video", "audio": "Audio", "3d": "3D", "overall": "Overall"}


def write_html(
    run: Path, out: Path, catalog: Catalog, datasets: Sequence[Dataset] = (), *, samples_per_task: int = 3
) -> None:
    """Write the report of a scored run folder.

    Args:
        run: the folder, with ``scores.json`` and ``levels.json``.
        out: the HTML file to write.
        catalog: for the tasks' names and groups.
        datasets: the run's data, for the gallery of samples; may be empty.
        samples_per_task: how many samples of each task to show.

    Raises:
        RunError: if the run has not been scored or a file is damaged.
    """
    scores, levels = read_json(run / "scores.json", tasks=list), read_json(run / "levels.json", models=list)
    if not levels["models"]:
        raise RunError(f"{run / 'levels.json'}: holds no model; score the run again")
    meta = read_json(run / "run.json") if (run / "run.json").is_file() else {}
    gallery = _gallery(run, datasets, samples_per_task) if datasets and samples_per_task else []
    page = render(scores, levels["models"][0], meta, tasks=catalog.tasks, samples=gallery)
    write_atomic(out, page.encode())


def render(
    scores: Mapping[str, Any],
    model: Mapping[str, Any],
    meta: Mapping[str, Any],
    *,
    tasks: Mapping[str, Task],
    samples: Sequence[tuple[str, Sequence[Card]]] = (),
) -> str:
    """The page as text, from the documents of a run."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("genlevel", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["pieces"] = environment.from_string(_PIECES).module.pieces  # type: ignore[attr-defined]
    by_group = groups(scores, tasks)
    return environment.get_template("report.html.j2").render(
        scores=scores,
        model={"capped": False, **model},
        steps=ladder(model),
        groups=by_group,
        misses=nearest_misses(by_group),
        share=share,
        level_names=LEVEL_NAMES,
        titles=_TITLES,
        sentence=sentence(model),
        half=one_half(tasks.values()) if model["level"] else "",
        cannot=sum(was_not_asked(t.get("note", "")) for t in scores["tasks"]),
        left_out=partial(
            [(t["value"], t.get("note", "")) for t in scores["tasks"]], model["tasks"], scores.get("limit")
        ),
        samples=samples,
        provenance=_provenance(scores, meta),
    )


_PIECES = """{% macro pieces(parts) %}<div class="pair">{% for p in parts %}
{%- if p.text %}<div>{{ p.text }}</div>{% endif %}
{%- for src in p.images %}<img src="{{ src }}" alt="">{% endfor %}
{%- if p.audio %}<audio controls preload="none" src="{{ p.audio }}"></audio>{% endif %}
{%- endfor %}</div>{% endmacro %}"""


def sentence(model: Mapping[str, Any]) -> str:
    """What the level rests on, in one sentence."""
    supported, tasks, wins = model["supported"], model["tasks"], model["wins"]
    text = f"It scores above 0 on {supported} of {tasks} tasks and is at or above the specialist on {wins} of them."
    language = (model.get("language") or {}).get("wins", 0)
    if wins and wins == language and model["level"] <= 2:
        text += f" {'Its win is' if wins == 1 else 'Its wins are'} in language only, which counts from level 5 on."
    elif model["level"] == 2:
        text += " Without a win there is no sign of synergy." if not wins else ""
    elif model["level"] == 3:
        text += " The wins are not yet on both sides, comprehension and generation, of one modality."
    elif model["level"] == 4:
        text += " Level 5 needs wins in language on top."
    return text


def _gallery(run: Path, datasets: Sequence[Dataset], count: int) -> list[tuple[str, list[Card]]]:
    from genlevel.runner.store import RunFolder
    from genlevel.tasktypes.templates import Templates

    folder = RunFolder.open(run) if (run / "run.json").is_file() else None
    stored = (folder.meta.get("prompts") if folder else None) or {}
    prompts = Templates(stored.get("templates", {}), stored.get("sha256", ""))
    result = []
    for dataset in datasets:
        try:
            _, outcomes, _ = read_evidence(run, dataset.task.id)
            answers = {p.id: p for p in folder.predictions(dataset.task.id)} if folder else {}
            shown = cards(dataset, answers, outcomes, count, prompts.of(dataset.task))
        except GenlevelError:
            continue  # a task that could not be scored has no evidence; its row says why
        if shown:
            result.append((dataset.task.name, shown))
    return result


def _provenance(scores: Mapping[str, Any], meta: Mapping[str, Any]) -> list[tuple[str, str]]:
    tasks = scores["tasks"]
    rows = [
        ("Model", scores["model"]),
        ("Settings", ", ".join(f"{k}={v}" for k, v in (meta.get("identity") or {}).items() if v != "")),
        ("Edition and protocol", f"{scores['edition']}, {scores['protocol']}"),
        ("Specialists' table", f"SHA-256 {scores['sota_sha256']}"),
        ("Samples", _counts(tasks)),
        ("Data", str(scores.get("data") or meta.get("data") or "")),
        ("Scored", f"{scores['scored']} with genlevel {scores['genlevel']}"),
    ]
    return [(key, value) for key, value in rows if value]


def _counts(tasks: Sequence[Mapping[str, Any]]) -> str:
    total = {k: sum(t[k] for t in tasks) for k in ("samples", "answered", "unreadable", "failed", "missing")}
    return (
        f"{total['samples']} in all, {total['answered']} answered ({total['unreadable']} of these not readable), "
        f"{total['failed']} failed, {total['missing']} without an answer"
    )

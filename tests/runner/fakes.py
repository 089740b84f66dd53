"""Task types, data and a small program for the runner's tests: ``python fakes.py DATA OUT SPEC [option=value ...]`` is a run."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from genlevel import models, tasktypes
from genlevel.catalog import Catalog
from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError, RecordError
from genlevel.records import Part, Record, Sample, Task
from genlevel.runner import RunFolder, Settings, Watcher, describe, make_plan, open_or_create, run
from genlevel.tasktypes.base import TaskType


class Say(TaskType):
    name = "test-say"
    title = "Say it"
    takes = frozenset({"text"})
    makes = frozenset({"text"})
    answer_format = "text"

    def read(self, record: Record) -> Sample:
        text = record.value.get("input")
        if not isinstance(text, str):
            raise RecordError(f"{record.where}: no input")
        return Sample(record.id, (Part("text", text),), record.value.get("output"))

    def parse(self, parts: Any, sample: Sample) -> Any:
        return parts[0].text


class See(Say):
    name = "test-see"
    takes = frozenset({"text", "image"})

    def read(self, record: Record) -> Sample:
        image = Part("image", path=record.folder / record.value["image"])
        return Sample(record.id, (*super().read(record).input, image))


class Draw(Say):
    name = "test-draw"
    makes = frozenset({"image"})


for _kind in (Say, See, Draw):
    tasktypes.TASK_TYPES.register(_kind.name, _kind)


def make_data(root: Path, tasks: dict[str, int], task_type: str = "test-say") -> Path:
    """Folders with so many samples each; sample i of task t asks "t:i"."""
    for name, count in tasks.items():
        write_task(root, name, [{"id": i, "input": f"{name}:{i}", "image": "a.png"} for i in range(count)])
    (root / "types.json").write_text(json.dumps(dict.fromkeys(tasks, task_type)))
    return root


def write_task(root: Path, name: str, entries: list[Any]) -> None:
    (root / name).mkdir(parents=True, exist_ok=True)
    (root / name / "annotation.json").write_text(json.dumps({"task": name, "data": entries}))


def find(root: Path) -> list[Dataset]:
    types = json.loads((root / "types.json").read_text())
    return [
        Dataset(
            Task(name, "test", "language", "language", name, kind, "accuracy", "higher", "percent"),
            root / name,
            root / name / "annotation.json",
            name,
        )
        for name, kind in types.items()
    ]


def prepare(data: Path, out: Path, spec: str, settings: Settings, only: str = "") -> tuple[Any, Any, RunFolder]:
    """Model, plan and run folder, as the command makes them."""
    datasets = [d for d in find(data) if not only or d.task.id in only.split(",")]
    catalog = Catalog("test", {d.task.id: d.task for d in datasets}, "0" * 64)
    model = models.load(spec)
    plan = make_plan(model, datasets)
    meta = describe(model, plan, catalog, settings, spec=spec, data=data, catalog_file=None, sota_file=None)
    return model, plan, open_or_create(out, meta)


def do_run(data: Path, out: Path, spec: str, *, only: str = "", **settings: Any) -> Any:
    if settings.get("cache"):
        settings["cache"] = Path(settings["cache"])
    chosen = Settings(**settings)
    model, plan, folder = prepare(data, out, spec, chosen, only)
    return run(model, plan, folder, chosen, watcher=Notes())


class Notes(Watcher):
    """Prints what a person who watches is told."""

    def note(self, line: str) -> None:
        sys.stderr.write(line + "\n")


def main() -> int:
    data, out, spec, *options = sys.argv[1:]
    if os.environ.get("LARGEST_FILE"):
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["LARGEST_FILE"]),) * 2)
    try:
        settings = {name: json.loads(value) for name, _, value in (option.partition("=") for option in options)}
        summary = do_run(Path(data), Path(out), spec, **settings)
    except GenlevelError as error:
        sys.stderr.write(f"genlevel: error: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130
    told = {"problems": summary.problems, "notes": summary.notes, "stopped": summary.stopped, "cost": summary.cost}
    print(json.dumps({**vars(summary.total), **told}))
    return 1 if summary.total.failed or summary.stopped else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""``composite:FILE.toml``: one system that sends each task to one of several models; ``composite:starter`` is built in.

The file lists routes; the first that fits a request's task, and whose model is for such tasks, answers it::

    name = "my-system"

    [[route]]
    modality = "image"                     # or task = "glob on the id", paradigm = "...", task_type = "..."
    model = "openai:my-vision-model"

    [[route]]                              # without a condition: everything else
    model = "openai:my-text-model"

Each model has its own concurrency, batches, kinds of part, types of task and image size, as if it were asked alone; --concurrency
bounds the sum. A task that its route's model cannot do, or that has no route, is not asked and counts 0. 'genlevel models check
composite:FILE.toml' tries every route.

Such a system routes work and learns nothing across tasks: it is marked as a dispatcher, and the level rule caps it at level 2.
``composite:starter`` sends each task of the starter set to its specialist. No options.
"""

from __future__ import annotations

import asyncio
import fnmatch
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genlevel.datasets.base import Dataset
from genlevel.errors import ModelError, RequestFailed
from genlevel.models.base import Model
from genlevel.models.lane import Lane
from genlevel.models.spec import Spec, parse
from genlevel.records import MODALITIES, PARADIGMS, Reply, Request, Task

_CONDITIONS = ("task", "task_type", "modality", "paradigm")
_MOST_IN_FLIGHT = 1024


@dataclass(frozen=True)
class Route:
    """Which tasks go to ``model``: those that fit every condition."""

    conditions: Mapping[str, str]
    model: Model

    def takes(self, task: Task) -> bool:
        """Whether the task fits."""
        values = {"task": task.id, "task_type": task.task_type, "modality": task.modality, "paradigm": task.paradigm}
        return all(fnmatch.fnmatchcase(values[key], pattern) for key, pattern in self.conditions.items())


class CompositeModel(Model):
    """A dispatcher over several models."""

    dispatcher = True

    def __init__(self, name: str, routes: Sequence[Route]) -> None:
        self._routes = tuple(routes)
        self._by_task: dict[str, Model] = {}
        self._lanes: dict[int, Lane] = {}
        self.name = name
        self.takes = frozenset().union(*(route.model.takes for route in routes))
        self.makes = frozenset().union(*(route.model.makes for route in routes))
        models = self._models()
        types = [model.task_types for model in models]
        self.task_types = None if None in types else frozenset().union(*(known for known in types if known is not None))
        # Each model has requests enough to fill its batches, also while another's task comes to its end.
        self.concurrency = min(_MOST_IN_FLIGHT, sum(m.concurrency * max(m.window, m.batch_size, 1) for m in models))
        self.seeded = any(model.seeded for model in models)
        self.cacheable = all(model.cacheable for model in models)

    def _models(self) -> list[Model]:
        """Each model once, in the order of the routes."""
        return list({id(route.model): route.model for route in self._routes}.values())

    def identity(self) -> Mapping[str, Any]:
        """The routes with the identity of each model, and what is done to its requests."""
        routes = [{"conditions": dict(r.conditions), "model": _identity(r.model)} for r in self._routes]
        return {"kind": "composite", "name": self.name, "routes": routes}

    async def start(self, datasets: Sequence[Dataset]) -> None:
        """Find each task's model and start every model with the tasks that it gets, from whichever routes."""
        given: dict[int, tuple[Model, list[Dataset]]] = {}
        self._by_task, self._lanes = {}, {}
        for dataset in datasets:
            route = self._route(dataset.task)
            if route is not None:
                self._by_task[dataset.task.id] = route.model
                given.setdefault(id(route.model), (route.model, []))[1].append(dataset)
        for model, own in given.values():
            await model.start(own)
            self._lanes[id(model)] = Lane(model, self.concurrency)

    def _route(self, task: Task) -> Route | None:
        """The first route that fits and whose model is for such tasks; the first that fits where none is."""
        fitting = [route for route in self._routes if route.takes(task)]
        able = (route for route in fitting if (types := route.model.task_types) is None or task.task_type in types)
        return next(able, fitting[0] if fitting else None)

    def asked(self, task: Task) -> Model | None:
        """The model of the task's route."""
        route = self._route(task)
        return None if route is None else route.model.asked(task)

    def parts(self) -> Mapping[str, Model]:
        """Each route's model, by the number of its first route and its name."""
        found: dict[int, str] = {}
        for number, route in enumerate(self._routes, 1):
            found.setdefault(id(route.model), f"route {number}: {route.model.name}")
        return {found[id(model)]: model for model in self._models()}

    async def generate(self, request: Request) -> Reply:
        """The answer of the task's model, by its own concurrency, batches and limits."""
        model = self._by_task.get(request.task_id)
        if model is None:
            raise RequestFailed(f"{self.name} has no route for {request.task_id}", 0)
        return await self._lanes[id(model)].answer(request)

    async def close(self) -> None:
        """Close every model, whatever happens to the others."""
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))
        outcomes = await asyncio.gather(*(model.close() for model in self._models()), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome


def _identity(model: Model) -> dict[str, Any]:
    """With what the run adds for a model that is not routed, and the kinds that it is told to make."""
    limit = {"image_limit": model.image_limit} if model.image_limit else {}
    types = {} if model.task_types is None else {"types": sorted(model.task_types)}
    return {**model.identity(), **limit, **types, "makes": sorted(model.makes)}


def read_routes(path: Path) -> CompositeModel:
    """The system that a TOML file describes.

    Raises:
        ModelError: naming the file and the route at fault.
    """
    from genlevel.models import load

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: is no TOML: {' '.join(str(error).split())}") from None
    unknown = sorted(content.keys() - {"name", "route"})
    if unknown:
        raise ModelError(f"{path}: unknown key '{unknown[0]}'; there are name and [[route]]")
    entries = content.get("route")
    if not isinstance(entries, list) or not entries:
        raise ModelError(f"{path}: has no [[route]]")
    routes = []
    loaded: dict[str, Model] = {}
    for number, entry in enumerate(entries, 1):
        conditions, spec = _route(entry, f"{path}: route {number}")
        if parse(spec).kind == "composite":
            raise ModelError(f"{path}: route {number}: a composite cannot lead to another one")
        # The same SPEC twice is one model, so that a local checkpoint is not loaded twice.
        loaded.setdefault(spec, load(spec))
        routes.append(Route(conditions, loaded[spec]))
    name = content.get("name", path.stem)
    if not isinstance(name, str) or not name.strip():
        raise ModelError(f"{path}: name is not a text")
    return CompositeModel(name, routes)


def _route(entry: Any, where: str) -> tuple[dict[str, str], str]:
    if not isinstance(entry, dict) or not isinstance(entry.get("model"), str):
        raise ModelError(f'{where}: has no model = "SPEC"')
    conditions = {key: value for key, value in entry.items() if key != "model"}
    for key, value in conditions.items():
        if key not in _CONDITIONS:
            raise ModelError(f"{where}: unknown key '{key}'; there are model, {', '.join(_CONDITIONS)}")
        if not isinstance(value, str):
            raise ModelError(f"{where}: {key} is not a text")
        known: tuple[str, ...] = {"modality": MODALITIES, "paradigm": PARADIGMS}.get(key, ())
        if known and value not in known:
            raise ModelError(f"{where}: {key} = '{value}' is none of {', '.join(known)}")
    return conditions, entry["model"]


def starter() -> CompositeModel:
    """The dispatcher over the starter set's specialists."""
    from genlevel.models.specialists import SpecialistModel
    from genlevel.starter.specialists.base import SPECIALISTS

    return CompositeModel("composite:starter", [Route({"task": t}, SpecialistModel(t)) for t in SPECIALISTS])


def from_spec(spec: Spec) -> CompositeModel:
    """The model of a SPEC."""
    spec.check(())
    if spec.name == "starter":
        return starter()
    if not spec.name:
        raise ModelError(f"model '{spec}': give a TOML file of routes, or composite:starter")
    return read_routes(Path(spec.name))

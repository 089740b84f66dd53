"""Replicas on Ray: actors that hold the model, on this machine or in a cluster.

``--on ray``, ``--on 'ray:auto?replicas=8&gpus=1'`` or ``--on 'ray:ray://head:10001?replicas=8&gpus=0.5'``: the name is Ray's
address (empty: a Ray of this run's own, ``auto``: the cluster that this machine belongs to).

Options, all of which may be left out:
  replicas    how many (default: one for each GPU of the cluster, or for each two CPUs where it has none)
  gpus, cpus  of each replica, whole or in parts (default: one GPU where there are any; one CPU)
  piece       requests dealt to a replica at a time (default: the model's batch)
  ahead       pieces that a replica has at a time (default: 2)
  ship        1: media travel with the requests, for machines that do not see the data folder (default: 0)
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError, ModelError, RequestFailed
from genlevel.models.base import Model
from genlevel.models.spec import Spec, parse
from genlevel.records import Part, Reply, Request
from genlevel.runner.asking import Failure, ask
from genlevel.runner.replicas import Cluster, Replica, ReplicaLost, ReplicatedModel, Replies

_OPTIONS = ("replicas", "gpus", "cpus", "piece", "ahead", "ship")
_RESTARTS = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """How many replicas there are and what each may use; None is settled by what the cluster has."""

    address: str
    replicas: int
    gpus: float
    cpus: float
    ship: bool


def distributed(place: str, model: Model, spec: Spec) -> ReplicatedModel:
    """The model of ``spec`` on the replicas that ``place`` (``ray...``) names; ``model`` is the driver's own instance.

    Raises:
        ModelError: an option is wrong, Ray is not installed or not there, or the cluster has no room.
    """
    head, mark, options = place.partition("?")
    on = parse(f"{head if ':' in head else f'{head}:'}{mark}{options}")
    if on.kind != "ray":
        raise ModelError(f"--on {place}: only 'ray' is known, as in --on 'ray:auto?replicas=8&gpus=1'")
    try:
        on.check(_OPTIONS)
        ray = _connect(on.name)
        layout = _layout(on, ray.cluster_resources())
    except ModelError as error:
        raise ModelError(str(error).replace(f"model '{on}'", f"--on {on.kind}")) from None
    return ReplicatedModel(
        model,
        RayCluster(ray, spec, layout),
        replicas=layout.replicas,
        piece=on.integer("piece", 0, low=1, high=10_000) if "piece" in on.options else 0,
        ahead=on.integer("ahead", 2, low=1, high=64),
    )


def _connect(address: str) -> Any:
    try:
        import ray
    except ImportError:
        raise ModelError("--on ray needs Ray: pip install 'genlevel[ray]'") from None
    # Nothing is sent anywhere without being asked for.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if not ray.is_initialized():
        _knock(address)
        # A Ray of this run's own is for this machine alone.
        own: dict[str, Any] = {} if address else {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        try:
            # The replicas' prints would mix with the run's own output.
            ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **own)
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:300]
            raise ModelError(f"--on ray: no Ray at '{address or 'this machine'}' ({reason})") from None
    return ray


def _knock(address: str) -> None:
    """Find out at once what Ray would find out after minutes: that nobody is there."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not (colon and port.isdigit()):
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10.0).close()
    except (OSError, OverflowError) as error:
        raise ModelError(f"--on ray: no Ray at '{address}' ({error})") from None


def _layout(on: Spec, has: dict[str, float]) -> Layout:
    all_gpus, all_cpus = has.get("GPU", 0.0), has.get("CPU", 1.0)
    gpus = on.number("gpus", 1.0 if all_gpus else 0.0, high=64.0)
    cpus = on.number("cpus", 1.0, high=1024.0)
    fitting = all_gpus // gpus if gpus else all_cpus // 2
    replicas = on.integer("replicas", max(1, int(fitting)), low=1, high=100_000)
    for what, each, there in (("GPUs", gpus, all_gpus), ("CPUs", cpus, all_cpus)):
        # Ray would wait for ever for what is not there.
        if each * replicas > there + 1e-9:
            need = f"{replicas} replicas with {each:g} {what} each need {each * replicas:g}"
            raise ModelError(f"--on ray: {need}; the cluster has {there:g} {what}")
    return Layout(on.name, replicas, gpus, cpus, on.flag("ship"))


class Holder:
    """What runs in a replica's process: the model, loaded once."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._model: Model | None = None
        self._error = ""
        self._loading = asyncio.Lock()

    async def ready(self, datasets: Sequence[Dataset]) -> str:
        """Load the model, the first time; '' or what is wrong."""
        async with self._loading:
            if self._model is None and not self._error:
                try:
                    from genlevel import models

                    model = models.load(self._spec)
                    await model.start(datasets)
                    self._model, self._turns = model, asyncio.Semaphore(max(1, model.concurrency))
                except Exception as error:
                    self._error = _reason(error)
        return self._error

    async def answer(self, requests: Sequence[Request]) -> list[Reply | RequestFailed] | ModelError | None:
        """The replies, or why no request can work. Errors travel as values: a wrapped exception would lose its kind.

        None: the process has been started anew since it was last asked whether it is ready.
        """
        if self._model is None:
            return ModelError(self._error) if self._error else None
        # Of a model that takes batches a piece is one; of others each request goes its own way.
        pieces = [requests] if self._model.batch_size > 1 else [[request] for request in requests]
        try:
            found = await asyncio.gather(*(self._ask(self._model, piece) for piece in pieces))
        except GenlevelError as failure:
            return failure if isinstance(failure, ModelError) else ModelError(str(failure))
        return [reply for replies in found for reply in replies]

    async def _ask(self, model: Model, requests: Sequence[Request]) -> list[Reply | RequestFailed]:
        async with self._turns:
            replies = await ask(model, requests)
        return [await asyncio.to_thread(_carried, reply) for reply in replies]


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, GenlevelError) else f"the model cannot be loaded: {type(error).__name__}: {text}"


def _carried(reply: Reply | Failure) -> Reply | RequestFailed:
    """A reply whose media are data: the driver need not see this machine's disk."""
    if isinstance(reply, Failure):
        return RequestFailed(reply.error, reply.attempts, fault=reply.fault, usage=reply.usage)
    try:
        return replace(reply, parts=tuple(map(_with_data, reply.parts)))
    except GenlevelError as error:
        return RequestFailed(f"the answer cannot be stored: {error}", reply.attempts, usage=reply.usage)


def _with_data(part: Part) -> Part:
    if part.kind == "text" or part.data is not None or part.path is None or part.path.is_dir():
        return part
    from genlevel.media import media_type, part_bytes

    return replace(part, data=part_bytes(part), path=None, media_type=media_type(part))


class RayCluster(Cluster):
    """Actors of one run; they end with it, also when its process is killed."""

    def __init__(self, ray: Any, spec: Spec, layout: Layout) -> None:
        self._ray, self._spec, self._layout = ray, spec, layout
        self._actors: list[Any] = []

    async def open(self, datasets: Sequence[Dataset]) -> Sequence[Replica]:
        """Start the actors."""
        layout = self._layout
        actor = self._ray.remote(Holder).options(num_cpus=layout.cpus, num_gpus=layout.gpus, max_restarts=_RESTARTS)
        self._actors = [actor.remote(self._spec) for _ in range(layout.replicas)]
        held = self._ray.put(list(datasets))
        return [RayReplica(self._ray, one, held, layout.ship) for one in self._actors]

    async def close(self) -> None:
        """End the actors and this run's connection."""
        for actor in self._actors:
            self._ray.kill(actor)
        await asyncio.to_thread(self._ray.shutdown)


class RayReplica(Replica):
    """One actor."""

    def __init__(self, ray: Any, actor: Any, datasets: Any, ship: bool) -> None:
        self._ray, self._actor, self._datasets, self._ship = ray, actor, datasets, ship

    async def ready(self) -> None:
        """Return when the actor has loaded the model."""
        error = await self._result(self._actor.ready.remote(self._datasets))
        if error:
            raise ModelError(error)

    async def answer(self, requests: Sequence[Request]) -> Replies:
        """Send a piece and wait for its answers."""
        if self._ship:
            requests = await asyncio.to_thread(
                lambda: [replace(request, parts=tuple(map(_with_data, request.parts))) for request in requests]
            )
        replies: Replies | ModelError | None = await self._result(self._actor.answer.remote(list(requests)))
        if isinstance(replies, ModelError):
            raise replies
        if replies is None:
            raise ReplicaLost("its process was started anew")
        return replies

    async def _result(self, reference: Any) -> Any:
        lost = self._ray.exceptions
        try:
            return await reference
        except (lost.RayActorError, lost.WorkerCrashedError, lost.ObjectLostError, lost.NodeDiedError) as error:
            raise ReplicaLost(" ".join(str(error).split())[:200]) from None

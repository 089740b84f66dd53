"""The copies on the hub of the 2024 edition's public datasets: which files a task takes."""

from __future__ import annotations

from collections.abc import Callable

from genlevel.catalog import Catalog
from genlevel.datasets.hub.client import Hub, HubError, HubFile
from genlevel.datasets.hub.plan import Item, Plan, TaskFiles
from genlevel.datasets.public.copies import Copy, copies, of_split
from genlevel.datasets.public.sources import Source, sources

__all__ = ["CONVERTED", "plan_copies"]

CONVERTED = "refs/convert/parquet"
"""The branch in which the hub itself keeps a dataset in Parquet, whatever it is published in."""


def plan_copies(open_hub: Callable[[str, str], Hub], chosen: Catalog) -> Plan:
    """The Parquet files of the chosen tasks' test splits, from the copies that the table of sources names.

    They go to a folder with the dataset's name in the data folder, as :func:`genlevel.datasets.find_datasets` looks for them.

    Args:
        open_hub: gives a repository at a revision; called once for each.
        chosen: tasks of the 2024 edition.

    Raises:
        HubError: the hub refuses everything (no network, a token that is wrong).
    """
    plan = Plan()
    listed: dict[tuple[str, str], tuple[Hub, list[HubFile]]] = {}
    for task in chosen:
        source, copy = sources().get(task.id), copies().get(task.id)
        if source is None or copy is None or not source.hub:
            plan.missing[task.id] = _by_hand(source)
            continue
        try:
            items = _items(open_hub, source, copy, listed)
        except HubError as error:
            if error.again:
                raise
            plan.missing[task.id] = str(error)
            continue
        if items:
            plan.tasks.append(TaskFiles(task, task.id, tuple(items)))
        else:
            plan.missing[task.id] = f"{source.hub} holds no Parquet of the split '{copy.split}'; {_by_hand(source)}"
    return plan


def _items(
    open_hub: Callable[[str, str], Hub],
    source: Source,
    copy: Copy,
    listed: dict[tuple[str, str], tuple[Hub, list[HubFile]]],
) -> list[Item]:
    """The split's files in the repository as published, else in the branch that the hub converts."""
    for revision in ("main", CONVERTED):
        key = source.hub, revision
        if key not in listed:
            hub = open_hub(*key)
            try:
                listed[key] = hub, hub.files()
            except HubError:
                if revision == CONVERTED:
                    return []
                raise
        hub, files = listed[key]
        wanted = set(of_split([file.path for file in files], copy))
        if wanted:
            return [Item(hub, file, f"{source.folder}/{file.path}") for file in files if file.path in wanted]
    return []


def _by_hand(source: Source | None) -> str:
    """Where to get a dataset without a copy."""
    if source is None or source.page == "unknown":
        return "no copy on the hub and no page is known; 'genlevel data sources' tells what is"
    return f"no copy on the hub; get it at {source.page} (licence: {source.licence}) and put it in a folder '{source.folder}'"

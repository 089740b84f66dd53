"""Which samples have no answer, and why: told by name, for a person to look at."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable

from genlevel.atomic import replacing
from genlevel.errors import RunError
from genlevel.runner.store import RunFolder

FILE = "failed.csv"


def write_failures(folder: RunFolder, tasks: Iterable[str], repeats: int) -> Counter[str]:
    """Write the failed samples of these tasks to ``failed.csv`` in the run folder, and count them by reason.

    The columns are ``task_id``, ``id``, ``repeat`` and ``error``. Where nothing failed there is no file.

    Raises:
        RunError: if it cannot be written.
    """
    path = folder.path / FILE
    reasons: Counter[str] = Counter()
    try:
        with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("task_id", "id", "repeat", "error"))
            for task_id in tasks:
                for repeat in range(1, repeats + 1):
                    for prediction in folder.predictions(task_id, repeat):
                        if prediction.error:
                            rows.writerow((task_id, prediction.id, repeat, prediction.error))
                            reasons[prediction.error] += 1
        if not reasons:
            path.unlink()
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror})") from None
    return reasons

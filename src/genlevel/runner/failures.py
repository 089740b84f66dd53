"""Which samples have no answer, and why: told by name, for a person to look at."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable

from genlevel.atomic import replacing
from genlevel.errors import RunError
from genlevel.runner.store import RunFolder

FILE = "failed.csv"
# A status says what happened, though it is a number.
_VARIES = re.compile(
    r"(?P<kept>\bHTTP \d{3}\b|\b(?:status|code)\W{1,3}\d{3}\b)"
    r"|\b(?:req|request|chatcmpl|resp|msg)[-_](?=[\w-]*\d)[\w-]+"
    r"|\b(?=[a-f-]{0,40}\d)[0-9a-f][0-9a-f-]{7,}\b"
    r"|\d+(?:\.\d+)*",
    re.IGNORECASE,
)


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


def grouped(reasons: Counter[str]) -> Counter[str]:
    """The counts of reasons, those that differ only in numbers or in ids of requests as one, the commonest of them.

    The status of a reply (``HTTP 429``) is no such number.
    """
    alike: dict[str, Counter[str]] = {}
    for reason, count in reasons.items():
        key = _VARIES.sub(lambda found: found["kept"] or "#", reason)
        alike.setdefault(key, Counter())[reason] += count
    groups: Counter[str] = Counter()
    for counts in alike.values():
        reason = counts.most_common(1)[0][0]
        groups[f"{reason} (others differ in numbers or ids)" if len(counts) > 1 else reason] += counts.total()
    return groups

"""SPICE: agreement of scene graphs, by the authors' Java program."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import NotScorable
from genlevel.metrics.base import Metric, as_weights, ratio, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.text import text_pairs

_CORENLP = ("stanford-corenlp-3.6.0.jar", "stanford-corenlp-3.6.0-models.jar")
_SECONDS = 3600


@dataclass(frozen=True)
class Spice(Metric):
    """SPICE: F1 of the tuples (objects, attributes, relations) in the scene graphs of answer and references.

    The graphs come from the authors' Java program, which this runs: ``jar`` is the path of ``spice-1.0.jar``, with
    CoreNLP 3.6.0 and its models in ``lib`` beside it; ``java`` is the command of a Java that suits it (8 or 11; later ones
    refuse). Without them the metric is not scorable. A missing answer scores 0.
    """

    jar: str = ""
    java: str = "java"
    memory: str = "8G"

    name = "spice"
    title = "SPICE"
    definition = "mean over samples of F1 of the scene-graph tuples of answer and references"
    source = "Anderson et al. 2016; SPICE 1.0"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a text; reference: a list of texts"
    needs = ("java", "weights: spice-1.0.jar and Stanford CoreNLP 3.6.0")

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``shared``, ``given`` and ``expected`` tuples (int32)."""
        pairs = text_pairs(answers, references)
        entries = [
            {"image_id": row, "test": answer, "refs": golds}
            for row, (answer, golds) in enumerate(pairs)
            if answer is not None
        ]
        table = np.zeros((len(pairs), 3), np.int32)
        table[:, 2] = 1
        for item in self._run(entries) if entries else ():
            counts = item["scores"]["All"]
            right, extra, missed = (int(counts[name]) for name in ("tp", "fp", "fn"))
            table[int(item["image_id"])] = right, right + extra, right + missed
        return Evidence(shared=table[:, 0], given=table[:, 1], expected=table[:, 2])

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the samples' F1."""
        f1 = ratio(2 * evidence["shared"], evidence["given"] + evidence["expected"], empty=0.0)
        return weighted_mean(f1, as_weights(evidence, weights), empty=0.0)

    def _run(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        jar = self._installed()
        with tempfile.TemporaryDirectory() as folder:
            given, wanted = Path(folder, "in.json"), Path(folder, "out.json")
            given.write_text(json.dumps(entries), "utf-8")
            command = [
                self.java,
                f"-Xmx{self.memory}",
                "-jar",
                str(jar),
                str(given),
                "-out",
                str(wanted),
                "-subset",
                "-silent",
            ]
            try:
                subprocess.run(command, cwd=jar.parent, check=True, capture_output=True, timeout=_SECONDS)  # noqa: S603
                results: list[dict[str, Any]] = json.loads(wanted.read_text("utf-8"))
            except subprocess.CalledProcessError as error:
                last = error.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
                raise NotScorable(
                    f"SPICE failed ({' '.join(last)[:200]}); it needs Java 8 or 11: set java=PATH"
                ) from None
            except (OSError, ValueError, subprocess.TimeoutExpired) as error:
                raise NotScorable(f"SPICE gave no result ({str(error)[:200]})") from None
        return results

    def lacks(self) -> str:
        """The package or Java, where one is not here."""
        try:
            self._installed()
        except NotScorable as error:
            return str(error)
        return ""

    def _installed(self) -> Path:
        jar = Path(self.jar)
        missing = [name for name in _CORENLP if not (jar.parent / "lib" / name).exists()]
        if not self.jar or not jar.is_file() or missing:
            what = (
                f"{', '.join(missing)} is not in {jar.parent / 'lib'}"
                if self.jar and jar.is_file()
                else "jar=PATH is not set"
            )
            raise NotScorable(
                "needs spice-1.0.jar (panderson.me/spice) with Stanford CoreNLP 3.6.0 and its models (nlp.stanford.edu) in lib "
                f"beside it; {what}"
            )
        if shutil.which(self.java) is None:
            raise NotScorable(f"needs Java 8 or 11: the command '{self.java}' is not found; set java=PATH")
        return jar.resolve()

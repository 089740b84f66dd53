"""SPICE: agreement of scene graphs, by the authors' Java program."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.base import as_weights, ratio, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.java import JavaMetric, find_file, java_command, java_version, run_java
from genlevel.metrics.text import text_pairs, tokenizer

_CORENLP = ("stanford-corenlp-3.6.0.jar", "stanford-corenlp-3.6.0-models.jar")
# From this one on Java has no JavaScript, with which the program writes its result, and closes its own classes.
_WITHOUT_JAVASCRIPT = 15
_OPENED = ("java.io", "java.lang", "java.math", "java.net", "java.text", "java.util", "java.util.concurrent")
_RUNNER = Path(__file__).with_name("SpiceRunner.java")


@dataclass(frozen=True)
class Spice(JavaMetric):
    """SPICE: F1 of the tuples (objects, attributes, relations) in the scene graphs of answer and references.

    The graphs come from the authors' Java program. Tuples are equal if their words are, or if WordNet has them in one synset.
    A sample without any tuple on either side counts 0. A missing answer scores 0.

    Options:
        jar: ``spice-1.0.jar``, with the jars it is published with and those of CoreNLP 3.6.0 in ``lib`` beside it. By default
            ``spice/spice-1.0.jar`` in the folder of weights, or that of an installed pycocoevalcap, which lacks CoreNLP.
        java: a Java 8 to 14, or a JDK from 15 on: those lack the JavaScript with which the program writes its result, and
            its classes are called by a few lines of Java of this package.
        memory: for Java.
        seconds: how long one batch of samples may take.
        tokenizer: what captions are cut by before, as in COCO's evaluation, see :class:`Cider`; empty for texts as they are.
        cache: a folder, made before, in which the program keeps what it parsed, or empty.
    """

    jar: str = ""
    java: str = "java"
    memory: str = "8G"
    seconds: float = 3600.0
    tokenizer: str = "caption"
    cache: str = ""

    name = "spice"
    title = "SPICE"
    definition = "mean over samples of F1 of the scene-graph tuples of answer and references"
    source = "Anderson et al. 2016; SPICE 1.0"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    version = 2
    answer = "a text; reference: a list of texts"
    needs = ("java", "jar: spice-1.0.jar and Stanford CoreNLP 3.6.0")

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``shared``, ``given`` and ``expected`` tuples (int32)."""
        pairs = text_pairs(answers, references)
        cut = tokenizer(self.tokenizer, pairs) if self.tokenizer else None

        def prepared(text: str) -> str:
            return " ".join(cut(text)) if cut else text

        entries = [
            {"image_id": row, "test": prepared(answer), "refs": [prepared(gold) for gold in golds]}
            for row, (answer, golds) in enumerate(pairs)
            if answer is not None
        ]
        table = np.zeros((len(pairs), 3), np.int32)
        table[:, 2] = 1
        for row, right, extra, missed in self._run(entries) if entries else ():
            table[row] = right, right + extra, right + missed
        return Evidence(shared=table[:, 0], given=table[:, 1], expected=table[:, 2])

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the samples' F1."""
        f1 = ratio(2 * evidence["shared"], evidence["given"] + evidence["expected"], empty=0.0)
        return weighted_mean(f1, as_weights(evidence, weights), empty=0.0)

    def _run(self, entries: list[dict[str, Any]]) -> list[tuple[int, int, int, int]]:
        """For each entry its row and its right, extra and missed tuples."""
        jar = self.installed()
        with tempfile.TemporaryDirectory() as folder:
            given, wanted = Path(folder, "in.json"), Path(folder, "out.json")
            # ASCII, since the program reads in the platform's encoding.
            given.write_text(json.dumps(entries), "ascii")
            run_java(self._command(jar, given, wanted), title="SPICE", folder=jar.parent, seconds=self.seconds)
            try:
                results = json.loads(wanted.read_text("utf-8"))
                counts = [(int(item["image_id"]), item["scores"]["All"]) for item in results]
                found = [(row, *(int(count[key]) for key in ("tp", "fp", "fn"))) for row, count in counts]
            except (OSError, ValueError, TypeError, KeyError) as error:
                raise NotScorable(f"SPICE wrote no result ({type(error).__name__}: {str(error)[:150]})") from None
        if sorted(row for row, *_ in found) != [entry["image_id"] for entry in entries]:
            raise NotScorable(f"SPICE scored {len(found)} samples of {len(entries)}")
        return found  # type: ignore[return-value]

    def _command(self, jar: Path, given: Path, wanted: Path) -> list[str]:
        start = [java_command(self.java), f"-Xmx{self.memory}"]
        cache = [str(Path(self.cache).resolve())] if self.cache else []
        if cache and not Path(cache[0]).is_dir():
            raise MetricError(f"spice: cache={self.cache} is no folder; make it first")
        if java_version(self.java) < _WITHOUT_JAVASCRIPT:
            more = ["-cache", *cache] if cache else []
            return [*start, "-jar", str(jar), str(given), "-out", str(wanted), "-subset", "-silent", *more]
        opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
        return [*start, *opened, "-cp", str(jar), str(_RUNNER), str(given), str(wanted), *cache]

    def installed(self) -> Path:
        """The jar, if all that it needs is here too."""
        jar = find_file(self.jar, "spice/spice-1.0.jar", "spice/spice-1.0.jar", "SPICE", "panderson.me/spice")
        missing = [name for name in _CORENLP if not (jar.parent / "lib" / name).exists()]
        if missing:
            raise NotScorable(
                "needs Stanford CoreNLP 3.6.0 and its models: put stanford-corenlp-3.6.0.jar and "
                "stanford-corenlp-3.6.0-models.jar of nlp.stanford.edu/software/stanford-corenlp-full-2015-12-09.zip into "
                f"{jar.parent / 'lib'} ({', '.join(missing)} is not there)"
            )
        java_command(self.java)
        return jar

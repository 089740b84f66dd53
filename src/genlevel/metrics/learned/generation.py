"""How a set of made pictures compares with a set of real ones: FID, KID, Inception score, precision and recall."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, check_lengths
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.learned import sets
from genlevel.metrics.learned.batches import Floats, Pixels, as_picture, pick_device, run_batches
from genlevel.metrics.learned.weights import INCEPTION

_NEEDS = ("extra: learned", "weights: FID Inception network")
_FILES = (("weights", INCEPTION),)
_FEATURES, _CLASSES = 2048, 1008


class SetMetric(Metric):
    """A number for each resampling of rows of which some are ``answered``; the others' reduction is left to ``number``."""

    bounded = False
    resamples = 20

    @abstractmethod
    def number(self, evidence: Evidence, weights: FloatArray) -> float | None:
        """The metric under weights (n,); ``None`` where the answers are too few."""

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """:meth:`number` for each row of weights, the worst value where it is undefined."""
        w = as_weights(evidence, weights)
        found = [self.number(evidence, row) if len(evidence) else None for row in np.atleast_2d(w)]
        return np.array([self.worst if x is None else x for x in found], np.float64).reshape(w.shape[:-1])


def answers_of(values: Sequence[Any], name: str) -> tuple[NDArray[np.bool_], list[Pixels]]:
    """Which answers are pictures, and those."""
    found: list[Pixels | None] = []
    for value in values:
        try:
            found.append(None if value is None else as_picture(value, role=f"{name}: an answer"))
        except MetricError:
            found.append(None)
    return np.array([f is not None for f in found], bool), [f for f in found if f is not None]


@dataclass(frozen=True)
class _InceptionFeatures(SetMetric):
    """Pool features of answers and references, one pair a row.

    A missing answer leaves its row out of the answers; its reference stays, since the real pictures are the same for every
    model. Options: ``weights``, the network's file; ``device``, e.g. ``cuda``.
    """

    weights: str = ""
    device: str = ""

    needs = _NEEDS
    files = _FILES
    answer = "a picture, uint8 (H, W, 3); reference: a real picture, any size"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``answered`` (bool), ``answer`` and ``reference`` (float32, 2048 numbers)."""
        check_lengths(answers, references)
        answered, made = answers_of(answers, self.name)
        if any(r is None for r in references):
            raise MetricError(f"{self.name} needs a reference picture for each sample")
        real = [as_picture(r, role=f"{self.name}: a reference") for r in references]
        table = np.zeros((len(answers), _FEATURES), np.float32)
        table[answered] = self._features(made)
        return Evidence(answered=answered, answer=table, reference=self._features(real))

    def _features(self, pictures: Sequence[Pixels]) -> Floats:
        device, network = open_inception(self.weights, self.device)
        return run_batches(pictures, lambda x: network(x)[0], device=device, width=_FEATURES)


def open_inception(weights: str, device: str) -> tuple[str, Any]:
    """The device and the Inception network on it."""
    from genlevel.metrics.learned.weights import torch_or_explain

    torch_or_explain()
    from genlevel.metrics.learned import inception

    chosen = pick_device(device)
    return chosen, inception.load(INCEPTION.find(weights)).to(chosen)


def _answered_weights(evidence: Evidence, weights: FloatArray) -> FloatArray:
    return weights * evidence["answered"]


@dataclass(frozen=True)
class Fid(_InceptionFeatures):
    """Fréchet inception distance of the answers to the references.

    Resize and network are those of the original TensorFlow code (as pytorch-fid and torch-fidelity have them), not the
    bicubic resize of clean-fid. The estimate falls with the number of samples: compare only numbers from as many. With fewer
    samples than 2048 the covariances are singular and the value, still exact for the samples given, is far above that of a
    large sample; it is not extrapolated. Fewer than two answers give infinity.
    Options and missing answers as in :class:`_InceptionFeatures`.
    """

    name = "fid"
    title = "FID"
    definition = "|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of Inception pool features"
    source = "Heusel et al. 2017; pytorch-fid 0.3.0, torch-fidelity 0.4.0"
    range = (0.0, inf)
    unit = "raw"
    direction = "lower"

    def number(self, evidence: Evidence, weights: FloatArray) -> float | None:
        """The distance under ``weights``."""
        made = sets.moments(evidence["answer"], _answered_weights(evidence, weights))
        real = sets.moments(evidence["reference"], weights)
        return None if made is None or real is None else sets.frechet(made, real)


@dataclass(frozen=True)
class Kid(_InceptionFeatures):
    """Kernel inception distance: unbiased, so it may be a little below 0.

    Over all samples at once. Reference code averages over 100 random subsets of 1000, which has the same expectation and
    random noise on top. Papers print it times 100 or 1000. Options and missing answers as in :class:`_InceptionFeatures`.
    """

    name = "kid"
    title = "KID"
    definition = "unbiased squared MMD (no cut at 0) of Inception pool features under (x.y/2048 + 1)^3"
    source = "Binkowski et al. 2018; torch-fidelity 0.4.0 with one subset of all samples"
    # Of the distance itself; the estimate of a distance of 0 scatters around it.
    range = (0.0, inf)
    unit = "fraction"
    direction = "lower"

    def number(self, evidence: Evidence, weights: FloatArray) -> float | None:
        """The distance under ``weights``."""
        w = _answered_weights(evidence, weights)
        return sets.kernel_distance(evidence["answer"], evidence["reference"], w, weights)


@dataclass(frozen=True)
class _Manifold(_InceptionFeatures):
    """Options: ``neighbours``, the k of the k-th nearest neighbour, 3 in the paper (which uses VGG features, not these).

    The others, and missing answers, as in :class:`_InceptionFeatures`.
    """

    neighbours: int = 3

    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    source = "Kynkäänniemi et al. 2019; torch-fidelity 0.4.0, on Inception pool features as ADM reports them"

    def _share(self, points: Any, centres: Any, wp: FloatArray, wc: FloatArray) -> float | None:
        if not (wp > 0).any() or not (wc > 0).any():
            return None
        inside = sets.share_inside(points[wp > 0], centres[wc > 0], self.neighbours)
        return float(wp[wp > 0] @ inside / wp.sum())


@dataclass(frozen=True)
class FidPrecision(_Manifold):
    """Share of the answers that lie among the references (fidelity); see :class:`_Manifold`."""

    name = "fid_precision"
    title = "Precision of made pictures"
    definition = "share of answers within the k-th-neighbour balls of the references, Inception features"

    def number(self, evidence: Evidence, weights: FloatArray) -> float | None:
        """The share under ``weights``; the balls are those of the rows with weight."""
        w = _answered_weights(evidence, weights)
        return self._share(evidence["answer"], evidence["reference"], w, weights)


@dataclass(frozen=True)
class FidRecall(_Manifold):
    """Share of the references that lie among the answers (diversity); see :class:`_Manifold`."""

    name = "fid_recall"
    title = "Recall of made pictures"
    definition = "share of references within the k-th-neighbour balls of the answers, Inception features"

    def number(self, evidence: Evidence, weights: FloatArray) -> float | None:
        """The share under ``weights``; the balls are those of the rows with weight."""
        w = _answered_weights(evidence, weights)
        return self._share(evidence["reference"], evidence["answer"], weights, w)


@dataclass(frozen=True)
class InceptionScore(SetMetric):
    """Inception score of the answers; no reference is used.

    Logits are those of the 2015 graph with 1008 classes, without bias. Answers are split in the order of the samples; the
    mean over ``splits`` (10) is given. ``weights`` is the network's file, ``device`` e.g. ``cuda``. Missing answers are left out.
    """

    weights: str = ""
    device: str = ""
    splits: int = 10

    name = "inception_score"
    title = "Inception score"
    definition = "exp of the mean divergence of p(class | picture) from p(class), mean over splits"
    source = "Salimans et al. 2016; torch-fidelity 0.4.0 without shuffling"
    range = (1.0, float(_CLASSES))
    unit = "raw"
    direction = "higher"
    answer = "a picture, uint8 (H, W, 3); the reference is ignored"
    needs = _NEEDS
    files = _FILES

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``answered`` (bool) and ``logits`` (float32, 1008 numbers)."""
        check_lengths(answers, references)
        answered, made = answers_of(answers, self.name)
        device, network = open_inception(self.weights, self.device)
        table = np.zeros((len(answers), _CLASSES), np.float32)
        table[answered] = run_batches(made, lambda x: network(x)[1], device=device, width=_CLASSES)
        return Evidence(answered=answered, logits=table)

    def number(self, evidence: Evidence, weights: FloatArray) -> float | None:
        """The score under ``weights``."""
        logits = evidence["logits"][evidence["answered"]].astype(np.float64)
        if not len(logits):
            return None
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return sets.inception_score(log_p, weights[evidence["answered"]], self.splits)

"""Protocols: how sigmas become S2 to S5, as data.

A protocol says how tasks are pooled, what beats a specialist, how modalities weigh, what agents may reach, and which map
each metric has. Nothing else in this room looks at a protocol's or an edition's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from genlevel.errors import GenlevelError, ScoreError
from genlevel.levels.maps import ScoreMap
from genlevel.records import Task

Pooling = Literal["pooled", "halves"]
Comparison = Literal[">=", ">"]
Agents = Literal["cap-2", "count"]
WinOn = Literal["value", "sigma"]

_AGENTS_IN_WORDS: dict[Agents, str] = {"cap-2": "agents capped", "count": "agents counted"}


@dataclass(frozen=True)
class Protocol:
    """How sigmas become S2 to S5.

    Attributes:
        name: what results are stamped with.
        pooling: ``pooled`` is one mean over all comprehension and generation tasks; ``halves`` is, in each modality, the mean
            of the two halves' means, and then the weighted mean over the modalities.
        comparison: whether reaching the specialist's score is enough (``>=``) or it has to be passed (``>``).
        win_on: ``value`` compares the printed scores, so that a map that has run into its ceiling makes no tie, and asks
            of an incomplete answer that its sigma, scaled by its coverage, holds too; ``sigma`` compares sigmas only.
        agents: ``cap-2`` lets a declared dispatcher reach level 2 and no more; ``count`` treats it as any model.
        modality_weights: for ``halves``; a modality that the catalog has and the model lacks counts 0.
        maps: the score map of each metric. For one that is not named see :meth:`map_for`.
        language_total: the language score at which S5 is S4.
    """

    name: str
    pooling: Pooling
    maps: Mapping[str, ScoreMap]
    modality_weights: Mapping[str, float] = field(default_factory=dict)
    comparison: Comparison = ">="
    win_on: WinOn = "value"
    agents: Agents = "cap-2"
    language_total: float = 100.0
    title: str = ""

    def map_for(self, task: Task) -> ScoreMap:
        """The score map of a task.

        An error without bound that no publication maps takes the task's specialist as its measure: the specialist's sigma
        is then 46, which is what the published constants give at x = T.

        Raises:
            ScoreError: for such an error of a task without a specialist.
        """
        known = self.maps.get(task.metric)
        if known is not None:
            return known
        if task.direction == "higher":
            return PERCENT
        if task.scale != "raw":
            return ERROR_RATE
        if task.sota:
            return ScoreMap("sigmoid01", task.sota)
        raise ScoreError(
            f"{task.id}: protocol {self.name} has no score map for '{task.metric}', an error without bound; give the task's "
            "sota, which is then its measure"
        )

    def variant(self, *, comparison: Comparison | None = None, agents: Agents | None = None) -> Protocol:
        """This protocol with another comparison or agent policy; the name says what differs."""
        changes: list[str] = []
        if comparison is not None and comparison != self.comparison:
            changes.append(comparison)
        if agents is not None and agents != self.agents:
            changes.append(_AGENTS_IN_WORDS[agents])
        if not changes:
            return self
        name = f"{self.name} ({', '.join(changes)})"
        return replace(self, name=name, comparison=comparison or self.comparison, agents=agents or self.agents)


PERCENT = ScoreMap("identity", unit="percent")
ERROR_RATE = ScoreMap("complement", unit="percent")
_MS_SSIM = ScoreMap("affine", unit="fraction", low=-1.0, high=1.0)
_MOS = ScoreMap("affine", low=1.0, high=5.0)

# The paper's constants: the error at which sigma is 46.
_ERROR_SCALES: dict[str, float] = {
    "mae": 50.0,
    "rms": 50.0,
    "mse": 5.0,
    "rmse": 5.0,
    "mcd": 5.0,
    "fid": 25.0,
    "fvd": 100.0,
    "fad": 10.0,
    "sad": 10.0,
    "rte": 0.5,
    "abs_rel": 0.1,
    "epe": 1.0,
    "chamfer_distance": 1.0,
}

# Bounded metrics, in both protocols. SSIM goes as MS-SSIM and CER as WER, which the publications map; LPIPS, a distance
# that lies between 0 and 1 in practice, is an error rate.
_BOUNDED: dict[str, ScoreMap] = {
    "wer": ERROR_RATE,
    "cer": ERROR_RATE,
    "lpips": ScoreMap("complement", unit="percent"),
    "ms_ssim": _MS_SSIM,
    "ssim": _MS_SSIM,
    "mos": _MOS,
}

_PAPER_MAPS: dict[str, ScoreMap] = {
    **_BOUNDED,
    **{metric: ScoreMap("sigmoid01", t) for metric, t in _ERROR_SCALES.items()},
    "psnr": ScoreMap("tanh", 20.0),
    "si_sdr": ScoreMap("tanh", 20.0),
}

# The tutorial states FID, MAE, LPIPS and PSNR. The other errors follow its plain sigmoid with the paper's constants.
_TUTORIAL_MAPS: dict[str, ScoreMap] = {
    **_BOUNDED,
    **{metric: ScoreMap("sigmoid", t) for metric, t in _ERROR_SCALES.items()},
    "fid": ScoreMap("sigmoid", 100.0),
    "mae": ScoreMap("sigmoid", 50.0),
    "lpips": ScoreMap("sigmoid", 80.0, unit="percent"),
    "psnr": ScoreMap("sigmoid_x", 15.0),
    "si_sdr": ScoreMap("tanh", 20.0),
}

_NAMED = (
    Protocol(
        "tutorial-2024",
        pooling="pooled",
        maps=_TUTORIAL_MAPS,
        title="the tutorial's formulas: one mean over all comprehension and generation tasks",
    ),
    Protocol(
        "paper-2025",
        pooling="halves",
        maps=_PAPER_MAPS,
        modality_weights={"image": 1.0, "video": 1.0, "audio": 1.0, "3d": 1.0},
        title="the paper's Table 1: both halves of a modality alike, four modalities alike",
    ),
)
PROTOCOLS: Mapping[str, Protocol] = {protocol.name: protocol for protocol in _NAMED}


def get_protocol(name: str) -> Protocol:
    """The named protocol.

    Raises:
        GenlevelError: for an unknown name.
    """
    if name not in PROTOCOLS:
        raise GenlevelError(f"unknown protocol '{name}'; there are {' and '.join(PROTOCOLS)}")
    return PROTOCOLS[name]

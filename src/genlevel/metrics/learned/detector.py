"""Objects in pictures by a detector of the transformers library, and their colours by CLIP, for GenEval's rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from genlevel.errors import MetricError, ModelError, NotScorable
from genlevel.metrics.learned.batches import Pixels
from genlevel.metrics.learned.encoders import Clip
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.weights import Weights, hub_folder

DETECTOR = Weights("an object detector", "detr-resnet-50", "https://huggingface.co/facebook/detr-resnet-50")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white")
# GenEval's phrases; the mean of their vectors stands for a colour.
_PHRASES = ("a photo of a {colour} {label}", "a photo of a {colour}-colored {label}", "a photo of a {colour} object")


class Detector:
    """A checkpoint of a detector with classes of its own (DETR and its kin) in the Hugging Face layout.

    Raises:
        NotScorable: if the folder is none, in one line.
    """

    def __init__(self, folder: str, device: str) -> None:
        from genlevel.models.local.checkpoint import Checkpoint
        from genlevel.models.local.options import read_options
        from genlevel.models.spec import Spec

        self.folder = folder
        spec = Spec("transformers", folder, {"dtype": "float32", "device_map": device, "task": "object-detection"})
        try:
            self._checkpoint = Checkpoint(read_options(spec))
            self._checkpoint.load()
        except ModelError as error:
            raise NotScorable(f"{folder}: cannot be read as a detector ({error})") from None
        self.labels = frozenset(str(name).strip().lower() for name in self._checkpoint.config.id2label.values())

    def find(self, frames: Sequence[Pixels], threshold: float) -> list[list[dict[str, Any]]]:
        """For each frame the records of its objects above ``threshold``, the surest first, without colours."""
        from PIL import Image

        from genlevel.models.local.detection import detect

        try:
            with inference():
                found = detect(self._checkpoint, list(map(Image.fromarray, frames)), threshold)
        except ModelError as error:
            raise NotScorable(f"{self.folder}: cannot be used as a detector ({error})") from None
        return [list(map(dict, objects)) for objects in found]

    def check(self, labels: Collection[str], name: str) -> None:
        """Raise a :class:`MetricError` if the detector knows no such label, so that it could never be found."""
        unknown = sorted(set(labels) - self.labels)
        if unknown:
            raise MetricError(
                f"{name}: the detector in {self.folder} knows no '{unknown[0]}', so it can never find one"
            )


@lru_cache(maxsize=2)
def open_detector(folder: str, device: str) -> Detector:
    """The detector in ``folder``, or if it is empty in the folder of weights, read once."""
    return Detector(hub_folder(DETECTOR.find(folder)), device)


def colour_of(frame: Pixels, box: Sequence[float], label: str, clip: Clip) -> str:
    """Which of GenEval's ten colours CLIP finds most like what is in ``box`` (x, y, width, height); '' for an empty box."""
    left, top = (max(0, int(v)) for v in box[:2])
    cut = frame[top : max(0, int(np.ceil(box[1] + box[3]))), left : max(0, int(np.ceil(box[0] + box[2])))]
    if not cut.size:
        return ""
    texts = [phrase.format(colour=colour, label=label) for colour in COLOURS for phrase in _PHRASES]
    vectors = clip.texts(texts).reshape(len(COLOURS), len(_PHRASES), -1).mean(axis=1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return COLOURS[int((vectors @ clip.pictures([cut])[0]).argmax())]

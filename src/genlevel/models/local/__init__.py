"""``transformers:PATH``: a checkpoint of the transformers library in a local folder.

DOC
"""

from __future__ import annotations

from genlevel.models.local.model import TransformersModel
from genlevel.models.spec import Spec

__all__ = ["TransformersModel", "from_spec"]


def from_spec(spec: Spec) -> TransformersModel:
    """The model of a SPEC."""
    return TransformersModel(spec)

"""Processors of models that take images and videos, where torchvision is missing.

The library's video processors all need torchvision, and a processor that has one does not load without it, not even for images.
Here a video is shown as frames, so the video processor is left out.
"""

from __future__ import annotations

import importlib.util
from typing import Any

__all__ = ["load_without_video"]


def load_without_video(auto: Any, config: Any, folder: str, **named: Any) -> Any:
    """``auto.from_pretrained``, or the same processor without its video processor if that is what keeps it from loading.

    Raises:
        ImportError: another part needs a library that is not installed.
    """
    try:
        return auto.from_pretrained(folder, **named)
    except ImportError:
        if importlib.util.find_spec("torchvision") is not None:
            raise
        found = _class_of(config, folder)
        if found is None or "video_processor" not in found.get_attributes():
            raise
    return _load(found, folder, named)


def _class_of(config: Any, folder: str) -> Any:
    """The processor's class: as the folder says, or as the library lists it for the architecture."""
    from transformers import ProcessorMixin
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING, processor_class_from_name

    said, _ = ProcessorMixin.get_processor_dict(folder, local_files_only=True)
    name = said.get("processor_class")
    if isinstance(name, str):
        return processor_class_from_name(name)
    listed: Any = PROCESSOR_MAPPING
    return listed.get(type(config), None)


def _load(found: Any, folder: str, named: dict[str, Any]) -> Any:
    import transformers

    autos: dict[str, Any] = {
        "image_processor": transformers.AutoImageProcessor,
        "feature_extractor": transformers.AutoFeatureExtractor,
        "tokenizer": transformers.AutoTokenizer,
    }

    def check(self: Any, name: str, argument: Any) -> Any:
        return type(None) if name == "video_processor" else found.check_argument_for_proper_class(self, name, argument)

    # Under its own name, which the library looks at.
    lenient: Any = type(found.__name__, (found,), {"check_argument_for_proper_class": check})
    parts = [autos[name].from_pretrained(folder, **named) if name in autos else None for name in found.get_attributes()]
    said, _ = found.get_processor_dict(folder, local_files_only=True)
    return lenient.from_args_and_dict(parts, said)

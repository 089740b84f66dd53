"""CLIP and image encoders such as DINO, read from local folders in the Hugging Face layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.errors import NotScorable
from genlevel.metrics.learned.batches import BATCH, Floats, Pixels
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.preprocess import read_preprocess
from genlevel.metrics.learned.weights import Weights, hub_folder, torch_or_explain

CLIP_B32 = Weights("CLIP ViT-B/32", "clip-vit-base-patch32", "https://huggingface.co/openai/clip-vit-base-patch32")
CLIP_L14 = Weights("CLIP ViT-L/14", "clip-vit-large-patch14", "https://huggingface.co/openai/clip-vit-large-patch14")
DINO_S16 = Weights("DINO ViT-S/16", "dino-vits16", "https://huggingface.co/facebook/dino-vits16")
DINO_B16 = Weights("DINO ViT-B/16", "dino-vitb16", "https://huggingface.co/facebook/dino-vitb16")


@contextmanager
def _quietly() -> Iterator[Any]:
    """The transformers package without its progress bars and notes."""
    try:
        import transformers
    except ImportError:
        raise NotScorable("needs transformers: pip install 'genlevel[learned]'") from None
    log: Any = transformers.utils.logging
    level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield transformers
    finally:
        log.set_verbosity(level)
        if bars:
            log.enable_progress_bar()


def _read(kind: Any, folder: Path) -> Any:
    name = hub_folder(folder)
    try:
        # Only what lies in the folder, and none of its code.
        return kind.from_pretrained(name, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise NotScorable(f"{folder}: cannot be read as a Hugging Face model ({first[:120]})") from None


def _pooled(output: Any) -> Any:
    """The vector of each input: transformers 5 wraps what transformers 4 returned bare."""
    return getattr(output, "pooler_output", output)


# Tokens times width of 16 pictures in CLIP ViT-L/14.
_BATCH_SIZE, _MOST = BATCH * 257 * 1024, 256


def batch_for(tokens: int, width: int) -> int:
    """How many inputs of so many tokens go through a transformer together: as much memory as 16 pictures in ViT-L/14."""
    return max(1, min(_MOST, _BATCH_SIZE // (tokens * width)))


def _picture_batch(config: Any) -> int:
    """:func:`batch_for` of a vision transformer's configuration."""
    side, patch = getattr(config, "image_size", None), getattr(config, "patch_size", None)
    if not isinstance(side, int) or not isinstance(patch, int):
        return BATCH
    return batch_for((side // patch) ** 2 + 1, int(config.hidden_size))


def unit(vectors: Floats) -> Floats:
    """Rows scaled to length 1; rows of zeros stay."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(length > 0, length, 1.0)).astype(np.float32)


class Clip:
    """A CLIP model: pictures and texts to vectors of length 1, float32 (n, d)."""

    def __init__(self, folder: Path, device: str) -> None:
        self._torch = torch_or_explain()
        with _quietly() as transformers:
            self._model = _read(transformers.CLIPModel, folder).float().eval().to(device)
            self._tokenizer = _read(transformers.CLIPTokenizerFast, folder)
        self._preprocess = read_preprocess(folder)
        self._device = device
        config = self._model.config
        self.width = int(config.projection_dim)
        self._limit = int(config.text_config.max_position_embeddings)
        self._pictures_at_once = _picture_batch(config.vision_config)
        self._texts_at_once = batch_for(self._limit, int(config.text_config.hidden_size))

    def pictures(self, pictures: Sequence[Pixels]) -> Floats:
        """Of pictures, uint8 (H, W, 3) each, of any sizes."""
        rows = np.zeros((len(pictures), self.width), np.float32)
        for start in range(0, len(pictures), BATCH):
            pixels = self._preprocess(pictures[start : start + BATCH]).to(self._device)
            with inference():
                found = _pooled(self._model.get_image_features(pixel_values=pixels))
            rows[start : start + BATCH] = found.float().cpu().numpy()
        return unit(rows)

    def texts(self, texts: Sequence[str]) -> Floats:
        """Of texts, each cut to what the model reads (77 tokens)."""
        rows, step = np.zeros((len(texts), self.width), np.float32), self._texts_at_once
        for start in range(0, len(texts), step):
            some = list(texts[start : start + step])
            tokens = self._tokenizer(
                some, padding=True, truncation=True, max_length=self._limit, return_tensors="pt"
            ).to(self._device)
            with inference():
                found = _pooled(self._model.get_text_features(tokens["input_ids"], tokens["attention_mask"]))
            rows[start : start + step] = found.float().cpu().numpy()
        return unit(rows)


class ImageEncoder:
    """A vision transformer: pictures to the vector of its class token after the last norm, length 1, float32 (n, d)."""

    def __init__(self, folder: Path, device: str) -> None:
        self._torch = torch_or_explain()
        with _quietly() as transformers:
            self._model = _read(transformers.AutoModel, folder).float().eval().to(device)
        self._preprocess = read_preprocess(folder)
        self._device = device
        self.width = int(self._model.config.hidden_size)
        self._at_once = _picture_batch(self._model.config)

    def pictures(self, pictures: Sequence[Pixels]) -> Floats:
        """Of pictures, uint8 (H, W, 3) each, of any sizes."""
        rows = np.zeros((len(pictures), self.width), np.float32)
        for start in range(0, len(pictures), BATCH):
            pixels = self._preprocess(pictures[start : start + BATCH]).to(self._device)
            with inference():
                found = self._model(pixel_values=pixels).last_hidden_state[:, 0]
            rows[start : start + BATCH] = found.float().cpu().numpy()
        return unit(rows)


@lru_cache(maxsize=2)
def open_clip(folder: Path, device: str) -> Clip:
    """The CLIP model in ``folder``, read once."""
    return Clip(folder, device)


@lru_cache(maxsize=2)
def open_encoder(folder: Path, device: str) -> ImageEncoder:
    """The image encoder in ``folder``, read once."""
    return ImageEncoder(folder, device)

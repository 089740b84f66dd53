"""BERTScore: greedy matching of contextual token embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.base import Metric, as_weights, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.learned.batches import pick_device
from genlevel.metrics.learned.inference import inference
from genlevel.metrics.learned.weights import Weights, hub_folder, torch_or_explain
from genlevel.metrics.text import text_pairs

ROBERTA_LARGE = Weights("RoBERTa large", "roberta-large", "huggingface.co/FacebookAI/roberta-large")
_BATCH = 32
_MAX_TOKENS = 512


class Embedded(NamedTuple):
    """A text: one unit vector a token, and which tokens count (those that are not the text's frame)."""

    vectors: NDArray[np.float32]
    counts: NDArray[np.bool_]


class Match(NamedTuple):
    """BERTScore of a pair of texts, unscaled."""

    precision: float
    recall: float
    f: float


def greedy_match(answer: Embedded, gold: Embedded) -> Match:
    """Each token's largest cosine with a token of the other text, averaged over the tokens that count.

    Args:
        answer: m tokens; ``vectors`` (m, d) of length 1.
        gold: k tokens; ``vectors`` (k, d) of length 1.

    Returns:
        Zeros where one of the texts has no token that counts.
    """
    if not answer.counts.any() or not gold.counts.any():
        return Match(0.0, 0.0, 0.0)
    cosine = answer.vectors.astype(np.float64) @ gold.vectors.astype(np.float64).T
    precision = float(cosine.max(axis=1)[answer.counts].mean())
    recall = float(cosine.max(axis=0)[gold.counts].mean())
    total = precision + recall
    return Match(precision, recall, 2 * precision * recall / total if total else 0.0)


class Encoder:
    """A Hugging Face text encoder from a local folder, read once.

    Raises:
        NotScorable: if transformers or torch is missing or the folder is not a model.
    """

    def __init__(self, folder: Path, layer: int, device: str) -> None:
        self.torch = torch_or_explain()
        try:
            from transformers import AutoModel, AutoTokenizer
        except ImportError:
            raise NotScorable("needs transformers: pip install 'genlevel[learned]'") from None
        name = hub_folder(folder)
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=True)
            self.model = AutoModel.from_pretrained(name, local_files_only=True).float().eval().to(device)
        except Exception as error:
            raise NotScorable(
                f"{folder}: cannot be read as a Hugging Face model ({str(error).splitlines()[0][:120]})"
            ) from None
        depth = int(self.model.config.num_hidden_layers)
        if not 0 < layer <= depth:
            raise MetricError(f"bert_score: layer={layer}, but the model in {folder} has {depth} layers")
        self.layer, self.device = layer, device
        # Byte-level tokenisers see a word at the start of the text as another than inside it, unless a space leads.
        self.lead = " " if type(self.tokenizer).__name__.startswith(("Roberta", "GPT2")) else ""
        self.limit = min(int(self.tokenizer.model_max_length), _MAX_TOKENS)

    def encode(self, texts: Sequence[str]) -> list[Embedded]:
        """Unit vectors of layer ``layer`` for each text."""
        found: list[Embedded] = []
        frame = [t for t in (self.tokenizer.cls_token_id, self.tokenizer.sep_token_id) if t is not None]
        for start in range(0, len(texts), _BATCH):
            batch = self.tokenizer(
                [self.lead + text.strip() for text in texts[start : start + _BATCH]],
                padding=True, truncation=True, max_length=self.limit, return_tensors="pt",
            )  # fmt: skip
            with inference():
                hidden = self.model(**batch.to(self.device), output_hidden_states=True).hidden_states[self.layer]
                unit = (hidden / hidden.norm(dim=-1, keepdim=True)).cpu().numpy()
            tokens, mask = batch["input_ids"].cpu().numpy(), batch["attention_mask"].cpu().numpy().astype(bool)
            for vectors, ids, real in zip(unit, tokens, mask, strict=True):
                found.append(Embedded(vectors[real], ~np.isin(ids[real], frame)))
        return found


@cache
def open_encoder(folder: Path, layer: int, device: str) -> Encoder:
    """The encoder in ``folder``, read once a process."""
    return Encoder(folder, layer, device)


@dataclass(frozen=True)
class BertScore(Metric):
    """BERTScore F, best reference first, mean over samples; no IDF weights.

    Options:
        weights: folder of a Hugging Face encoder; RoBERTa large is what papers use for English.
        layer: whose hidden state is compared, 17 for RoBERTa large.
        baseline: what unrelated texts score with this model, from the tables of the package ``bert-score``; with it the
            value is (F - baseline)/(1 - baseline), as ``rescale_with_baseline`` gives it. Say so beside the number.
        device: e.g. ``cuda``; by default the GPU where there is one.

    Model, layer and baseline are part of the definition. An empty text scores 0 before rescaling, a missing answer the
    same.
    """

    weights: str = ""
    layer: int = 17
    baseline: float = 0.0
    device: str = ""

    name = "bert_score"
    title = "BERTScore"
    definition = "F of greedy cosine matching of token embeddings, max over references, mean over samples"
    source = "Zhang et al. 2020; bert-score 0.3.13"
    range = (-1.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a text; reference: a text or a list of texts"
    needs = ("extra: learned", "weights: RoBERTa large")
    files = (("weights", ROBERTA_LARGE),)

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``precision``, ``recall`` and ``f`` (float64), unscaled."""
        pairs = text_pairs(answers, references)
        encoder = open_encoder(ROBERTA_LARGE.find(self.weights), self.layer, pick_device(self.device))
        texts = sorted(
            {t for answer, golds in pairs if answer is not None for t in (answer, *golds)}, key=lambda t: (len(t), t)
        )
        embedded = dict(zip(texts, encoder.encode(texts), strict=True))
        table = np.zeros((len(pairs), 3))
        for row, (answer, golds) in enumerate(pairs):
            if answer is not None:
                table[row] = max((greedy_match(embedded[answer], embedded[gold]) for gold in golds), key=lambda m: m.f)
        precision, recall, f = table.T.copy()
        return Evidence(precision=precision, recall=recall, f=f)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of F, rescaled if ``baseline`` is set."""
        f = (evidence["f"] - self.baseline) / (1.0 - self.baseline)
        return weighted_mean(f, as_weights(evidence, weights), empty=self.worst)

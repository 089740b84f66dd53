"""Sampling in a batch such that each request draws its own numbers, whoever it shares the batch with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["seeded_sampling"]


def seeded_sampling(
    seeds: Sequence[int], device: Any, temperature: float, top_k: int | None = None, top_p: float | None = None
) -> Any:
    """A logits processor after which the largest logit is a draw from the softmax, row by row.

    The Gumbel-max trick: the largest of logit + Gumbel noise is distributed as the softmax. Each row's noise comes from a
    generator of its own that starts from its seed, so an answer does not depend on the rest of its batch, as it would if the
    library drew from one generator for all. For greedy search over its result.

    Args:
        seeds: one for each row.
        device: where the noise is drawn.
        temperature: above 0; logits are divided by it.
        top_k: only so many of the largest logits; None or 0 for all.
        top_p: only the fewest largest whose probabilities together reach this; None or 1 for all.
    """
    import torch
    from transformers import LogitsProcessor, LogitsProcessorList, TopKLogitsWarper, TopPLogitsWarper

    generators = [torch.Generator(device=device).manual_seed(seed) for seed in seeds]

    class Draw(LogitsProcessor):  # type: ignore[misc]
        """Divides, and adds the noise."""

        def __call__(self, input_ids: Any, scores: Any) -> Any:
            noise = torch.empty_like(scores, dtype=torch.float32)
            for row, generator in zip(noise, generators, strict=True):
                row.exponential_(generator=generator)
            return scores.float() - noise.log()

    class Heat(LogitsProcessor):  # type: ignore[misc]
        """Divides by the temperature."""

        def __call__(self, input_ids: Any, scores: Any) -> Any:
            return scores.float() / temperature

    steps: list[Any] = [Heat()]
    if top_k:
        steps.append(TopKLogitsWarper(top_k))
    if top_p is not None and top_p < 1.0:
        steps.append(TopPLogitsWarper(max(top_p, 1e-6)))
    return LogitsProcessorList([*steps, Draw()])

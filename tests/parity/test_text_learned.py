"""BERTScore against the formula of bert-score with the same tiny model, and against its own function on random features."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.bertscore import Embedded, greedy_match, open_encoder

torch = pytest.importorskip("torch")


def bert_score_utils() -> types.ModuleType:
    """The module ``bert_score.utils`` alone: the package imports plotting libraries that have no part in the number."""
    pytest.importorskip("transformers")
    spec = importlib.util.find_spec("bert_score")
    if spec is None or spec.origin is None:
        pytest.skip("bert-score is not installed")
    package = types.ModuleType("bert_score_alone")
    package.__path__ = [str(Path(spec.origin).parent)]
    package.__version__ = "0"
    sys.modules["bert_score_alone"] = package
    return importlib.import_module("bert_score_alone.utils")


def unit(rng: np.random.Generator, tokens: int) -> np.ndarray:
    vectors = rng.normal(size=(tokens, 16)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_matching_is_bert_scores_on_random_features() -> None:
    utils = bert_score_utils()
    rng = np.random.default_rng(0)
    for _ in range(40):
        sizes = rng.integers(3, 12, 2)
        answer, gold = (Embedded(unit(rng, size), np.r_[False, np.ones(size - 2, bool), False]) for size in sizes)
        tensors = []
        for side in (gold, answer):
            ones = torch.ones(1, len(side.counts), dtype=torch.long)
            tensors += [torch.tensor(side.vectors)[None], ones, torch.tensor(side.counts, dtype=torch.float32)[None]]
        expected = [float(value) for value in utils.greedy_cos_idf(*tensors)]
        assert greedy_match(answer, gold) == pytest.approx(expected, abs=1e-6)  # the package computes in float32


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with random weights and a vocabulary of letters."""
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("tiny")
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *"abcdefghijklmnopqrstuvwxyz",
        *(f"##{c}" for c in "abcdefghij"),
        "cat",
        "dog",
    ]
    (folder / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    transformers.BertModel(config).save_pretrained(folder)
    transformers.BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
    return folder


def test_bert_score_of_a_tiny_model_is_bert_scores(tiny: Path) -> None:
    from collections import defaultdict

    import transformers

    utils = bert_score_utils()
    answers = ["a cat", "dog dog b", "c d e f g", "a"]
    golds = ["a dog", "dog b", "cat e f", "a"]
    model = transformers.AutoModel.from_pretrained(tiny)
    model.encoder.layer = torch.nn.ModuleList(list(model.encoder.layer[:2]))
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny)
    idf: defaultdict = defaultdict(lambda: 1.0)
    idf[tokenizer.sep_token_id] = idf[tokenizer.cls_token_id] = 0
    model.eval()
    expected = []
    for answer, gold in zip(answers, golds, strict=True):
        sides = []
        for text in (gold, answer):
            ids = tokenizer.encode(text)
            with torch.no_grad():
                hidden = model(torch.tensor([ids])).last_hidden_state
            sides += [hidden, torch.ones(1, len(ids), dtype=torch.long), torch.tensor([[float(idf[i]) for i in ids]])]
        expected.append(float(utils.greedy_cos_idf(*sides)[2]))
    value = metrics.compute("bert_score", answers, golds, weights=str(tiny), layer=2)
    assert value == pytest.approx(np.mean(expected), abs=1e-6)
    rescaled = metrics.compute("bert_score", answers, golds, weights=str(tiny), layer=2, baseline=0.3)
    assert rescaled == pytest.approx((np.mean(expected) - 0.3) / 0.7, abs=1e-6)
    assert metrics.compute(
        "bert_score", [None, "", "a"], ["a", "a", ["b", "a"]], weights=str(tiny), layer=2
    ) == pytest.approx(1 / 3)


def test_bert_score_names_what_is_missing(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    with pytest.raises(NotScorable, match=r"roberta-large.*huggingface"):
        metrics.compute("bert_score", ["a"], ["a"])
    with pytest.raises(NotScorable, match=r"no config\.json"):
        metrics.compute("bert_score", ["a"], ["a"], weights=str(tmp_path))
    with pytest.raises(MetricError, match="3 layers"):
        metrics.compute("bert_score", ["a"], ["a"], weights=str(tiny), layer=4)
    open_encoder.cache_clear()

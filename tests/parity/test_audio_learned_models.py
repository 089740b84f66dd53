"""CLAP and speech recognisers with tiny random weights against transformers' own processing and loops."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.learned_audio.waves import Wave
from tests.parity.test_audio_learned import Sound, noise

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from genlevel.metrics.learned_audio import asr, clap  # noqa: E402

LETTERS = "abcdefghijklmnopqrstuvwxyz"
RATE = 48_000


def save_tokenizer(folder: Path) -> None:
    """A byte-level tokenizer of letters, in the layout of RoBERTa and Whisper."""
    words = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *LETTERS, *(f"Ġ{c}" for c in LETTERS)]
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    transformers.RobertaTokenizerFast(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=512
    ).save_pretrained(folder)


@pytest.fixture(scope="module", params=[False, True], ids=["unfused", "fused"])
def clap_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clap")
    torch.manual_seed(1)
    text = {
        "vocab_size": 64, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
        "max_position_embeddings": 514, "projection_dim": 12, "pad_token_id": 1,
    }  # fmt: skip
    audio = {
        "spec_size": 64, "num_mel_bins": 16, "window_size": 2, "patch_size": 4, "patch_stride": [4, 4],
        "patch_embeds_hidden_size": 16, "hidden_size": 32, "depths": [1, 1], "num_attention_heads": [2, 2],
        "num_hidden_layers": 2, "projection_dim": 12, "enable_fusion": request.param, "num_classes": 4,
        "aff_block_r": 1,
    }  # fmt: skip
    config = transformers.ClapConfig(text_config=text, audio_config=audio, projection_dim=12)
    transformers.ClapModel(config).save_pretrained(folder)
    transformers.ClapFeatureExtractor(
        feature_size=16, max_length_s=1, truncation="fusion" if request.param else "rand_trunc", padding="repeatpad"
    ).save_pretrained(folder)
    save_tokenizer(folder)
    return folder


def reference_sound(folder: Path, piece: np.ndarray) -> np.ndarray:
    """Unit vector of one piece that fits the model's window, by the model's own extractor."""
    model = transformers.ClapModel.from_pretrained(folder).eval()
    extractor = transformers.ClapFeatureExtractor.from_pretrained(folder)
    inputs = extractor(piece, sampling_rate=RATE, return_tensors="pt")
    inputs["is_longer"] = torch.zeros_like(torch.as_tensor(inputs["is_longer"]))
    with torch.no_grad():
        vector = model.get_audio_features(**inputs.to(torch.float32)).pooler_output[0].numpy()
    return vector / np.linalg.norm(vector)


def reference_text(folder: Path, text: str) -> np.ndarray:
    model = transformers.ClapModel.from_pretrained(folder).eval()
    inputs = transformers.AutoTokenizer.from_pretrained(folder)(
        text, return_tensors="pt", truncation=True, max_length=77
    )
    with torch.no_grad():
        vector = model.get_text_features(**inputs).pooler_output[0].numpy()
    return vector / np.linalg.norm(vector)


def test_clap_scores_equal_transformers(clap_folder: Path) -> None:
    sounds = [noise(0.3, RATE, 1), noise(1.0, RATE, 2), noise(0.7, RATE, 3, channels=2)]
    texts = ["a dog", "rain on a roof", "bell " * 60]
    mono = [s if s.ndim == 1 else s.mean(axis=1) for s, _ in sounds]
    heard = [reference_sound(clap_folder, m) for m in mono]
    read = [reference_text(clap_folder, t) for t in texts]
    weights = str(clap_folder)
    score = metrics.get("clap_score", weights=weights).measure(sounds, texts)["cosine"]
    np.testing.assert_allclose(score, [h @ r for h, r in zip(heard, read, strict=True)], atol=1e-5)
    style = metrics.get("style_clap", weights=weights)
    between = [h @ r for h, r in zip(heard, heard[::-1], strict=True)]
    np.testing.assert_allclose(style.measure(sounds, sounds[::-1])["cosine"], between, atol=1e-5)
    np.testing.assert_allclose(style.measure(sounds, texts)["cosine"], score, atol=1e-6)
    assert np.ptp(score) > 1e-3


def test_clap_as_the_whole_model_computes_it(clap_folder: Path) -> None:
    """The model's own logits are the cosines times its scale."""
    model = transformers.ClapModel.from_pretrained(clap_folder).eval()
    sound = noise(1.0, RATE, 4)
    features = transformers.ClapFeatureExtractor.from_pretrained(clap_folder)(
        sound[0], sampling_rate=RATE, return_tensors="pt"
    )
    features["is_longer"] = torch.zeros((1, 1), dtype=torch.bool)
    tokens = transformers.AutoTokenizer.from_pretrained(clap_folder)("a bird", return_tensors="pt")
    with torch.no_grad():
        logits = model(**features.to(torch.float32), **tokens).logits_per_audio
    expected = float(logits[0, 0]) / float(model.logit_scale_a.detach().exp())
    assert metrics.compute("clap_score", [sound], ["a bird"], weights=str(clap_folder)) == pytest.approx(
        expected, abs=1e-5
    )


def test_long_sounds_are_the_mean_of_windows_and_do_not_depend_on_chance(clap_folder: Path) -> None:
    samples = noise(2.5, RATE, 5)[0]
    pieces = [samples[start : start + RATE] for start in (0, 36_000, 72_000)]
    expected = np.mean([reference_sound(clap_folder, p) for p in pieces], axis=0) @ reference_text(clap_folder, "sea")
    for _ in range(2):
        value = metrics.compute("clap_score", [(samples, RATE)], ["sea"], weights=str(clap_folder))
        assert value == pytest.approx(float(expected), abs=1e-5)


@pytest.mark.parametrize(("n", "starts"), [(1, [0]), (10, [0]), (11, [0, 1]), (20, [0, 10]), (25, [0, 8, 15])])
def test_windows_cover_the_sound(n: int, starts: list[int]) -> None:
    found = clap.windows(np.arange(n, dtype=np.float32), 10)
    assert [int(w[0]) for w in found] == starts
    assert found[-1][-1] == n - 1


def test_a_missing_answer_is_like_nothing(clap_folder: Path) -> None:
    metric = metrics.get("clap_score", weights=str(clap_folder))
    sound = noise(0.5, RATE)
    broken = (np.array([np.nan], np.float32), RATE)
    evidence = metric.measure([None, sound, broken], ["a", "a", "a"])
    assert evidence["answered"].tolist() == [False, True, False]
    assert float(metric.reduce(evidence)) == pytest.approx(evidence["cosine"][1] / 3)
    assert float(metric.reduce(metric.measure([None], ["a"]))) == 0.0
    with pytest.raises(MetricError, match="reference 0"):
        metric.measure([sound], [""])


def test_fad_takes_clap_vectors(clap_folder: Path) -> None:
    sounds = [noise(1.0, RATE, s) for s in range(5)]
    metric = metrics.get("fad", weights=str(clap_folder), embedding="clap")
    evidence = metric.measure(sounds[:3], sounds[2:])
    assert evidence.ragged("answer").values.shape == (3, 12)
    np.testing.assert_allclose(evidence.ragged("answer")[2], evidence.ragged("reference")[0], atol=1e-6)
    assert 0 < float(metric.reduce(evidence)) < 4


@pytest.fixture(scope="module")
def whisper_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whisper")
    special = ["<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>"]
    words = [*LETTERS, *(f"Ġ{c}" for c in LETTERS), *special]
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.WhisperTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    end, start, _ = (len(words) - 3 + i for i in range(3))
    torch.manual_seed(3)
    config = transformers.WhisperConfig(
        vocab_size=len(words), num_mel_bins=8, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_target_positions=16,
        bos_token_id=end, eos_token_id=end, pad_token_id=end, decoder_start_token_id=start,
        begin_suppress_tokens=None, suppress_tokens=None, init_std=1.0,
    )  # fmt: skip
    model = transformers.WhisperForConditionalGeneration(config)
    model.generation_config.max_length = 12
    model.save_pretrained(folder)
    extractor = transformers.WhisperFeatureExtractor(feature_size=8)
    transformers.WhisperProcessor(extractor, tokenizer).save_pretrained(folder)
    return folder


def greedy(folder: Path, sound: Sound) -> str:
    """One token after the other, the likeliest each time, without the library's generation code."""
    model = transformers.WhisperForConditionalGeneration.from_pretrained(folder).eval()
    processor = transformers.WhisperProcessor.from_pretrained(folder)
    features = processor(sound[0], sampling_rate=sound[1], return_tensors="pt").input_features
    tokens = [model.config.decoder_start_token_id]
    with torch.no_grad():
        while len(tokens) < 13 and tokens[-1] != model.config.eos_token_id:
            logits = model(input_features=features, decoder_input_ids=torch.tensor([tokens])).logits
            tokens.append(int(logits[0, -1].argmax()))
    return str(processor.tokenizer.decode(tokens[1:], skip_special_tokens=True)).strip()


def test_wer_of_speech_is_the_wer_of_its_transcript(whisper_folder: Path) -> None:
    sounds = [noise(0.6, 16000, s) for s in range(2)]
    heard = [greedy(whisper_folder, sound) for sound in sounds]
    assert all(heard)
    assert asr.transcripts([*sounds, "text", None], str(whisper_folder)) == [*heard, "text", None]
    golds = [heard[0], "a b c"]
    for name in ("wer", "cer"):
        spoken = metrics.compute(name, [*sounds, None], [*golds, "x"], asr=str(whisper_folder))
        assert spoken == metrics.compute(name, [*heard, None], [*golds, "x"])
        assert metrics.compute(name, sounds[:1], golds[:1], asr=str(whisper_folder)) == 0.0


def test_ctc_transcripts(tmp_path: Path) -> None:
    words = ["<pad>", "<s>", "</s>", "<unk>", "|", *LETTERS.upper()]
    (tmp_path / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    torch.manual_seed(5)
    config = transformers.Wav2Vec2Config(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        conv_dim=[8, 8], conv_stride=[20, 16], conv_kernel=[20, 16], num_feat_extract_layers=2,
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, initializer_range=1.0,
    )  # fmt: skip
    model = transformers.Wav2Vec2ForCTC(config).eval()
    model.save_pretrained(tmp_path)
    extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=True)
    tokenizer = transformers.Wav2Vec2CTCTokenizer(str(tmp_path / "vocab.json"))
    transformers.Wav2Vec2Processor(extractor, tokenizer).save_pretrained(tmp_path)
    sound = noise(0.4, 16000, 2)
    x = (sound[0] - sound[0].mean()) / np.sqrt(sound[0].var() + 1e-7)
    with torch.no_grad():
        best = model(torch.from_numpy(x[None])).logits[0].argmax(dim=-1).tolist()
    collapsed = [t for i, t in enumerate(best) if t and (i == 0 or t != best[i - 1])]
    expected = "".join(words[t] for t in collapsed).replace("|", " ").strip()
    assert expected
    assert asr.open_recogniser(tmp_path, "cpu").transcribe(Wave(*sound)) == expected


def test_cuts_are_in_pauses() -> None:
    rate = 1000
    samples = np.ones(70 * rate, np.float32)
    samples[27 * rate : 28 * rate] = 0
    pieces = asr.cut_at_pauses(samples, rate)
    assert 27 * rate <= len(pieces[0]) <= 28 * rate
    assert max(map(len, pieces)) <= 30 * rate
    np.testing.assert_array_equal(np.concatenate(pieces), samples)
    assert len(asr.cut_at_pauses(samples[: 30 * rate], rate)) == 1


def test_speech_without_a_recogniser_is_not_scorable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    with pytest.raises(NotScorable, match="speech recogniser: whisper"):
        metrics.compute("wer", [noise(0.1, 16000)], ["a"])
    with pytest.raises(NotScorable, match=r"no config\.json"):
        metrics.compute("wer", [noise(0.1, 16000)], ["a"], asr=str(tmp_path))
    with pytest.raises(NotScorable, match=r"no config\.json"):
        metrics.compute("clap_score", [noise(0.1, 16000)], ["a"], weights=str(tmp_path))

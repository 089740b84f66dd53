"""Specialists with random weights: detectors, segmenters, depth, pose, captioners, speech, each with its own processor."""

import json
from pathlib import Path
from typing import Any

from tests.models.tiny_checkpoints import LAYERS, save, seeded, settings, tokenizer

LABELS = {0: "circle", 1: "square", 2: "triangle, three-sided shape"}
NAMED: dict[str, Any] = {"id2label": LABELS, "label2id": {v: k for k, v in LABELS.items()}, "num_labels": 3}
RESNET: dict[str, Any] = {
    "embedding_size": 8, "hidden_sizes": [8, 16, 16, 16], "depths": [1, 1, 1, 1], "layer_type": "basic",
}  # fmt: skip
SWIN: dict[str, Any] = {
    "image_size": 32, "patch_size": 2, "embed_dim": 8, "depths": [1, 1, 1, 1], "num_heads": [1, 2, 2, 2], "window_size": 4,
}  # fmt: skip


def write_vit(folder: Path) -> Path:
    from transformers import ViTConfig, ViTForImageClassification
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    config = ViTConfig(**LAYERS, **NAMED, image_size=32, patch_size=8, initializer_range=0.3)
    pictures = ViTImageProcessorPil(size={"height": 32, "width": 32})
    return save(folder, seeded(ViTForImageClassification, config), pictures)


def write_detr(folder: Path) -> Path:
    from transformers import DetrConfig, DetrForObjectDetection, ResNetConfig
    from transformers.models.detr.image_processing_pil_detr import DetrImageProcessorPil

    config = DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None,
        backbone_config=ResNetConfig(**RESNET, out_features=["stage4"]), d_model=32, num_queries=7, encoder_layers=1,
        decoder_layers=1, encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=32, decoder_ffn_dim=32,
        init_std=0.5, **NAMED,
    )  # fmt: skip
    pictures = DetrImageProcessorPil(size={"shortest_edge": 48, "longest_edge": 96})
    return save(folder, seeded(DetrForObjectDetection, config), pictures)


def write_owl(folder: Path) -> Path:
    from transformers import OwlViTConfig, OwlViTForObjectDetection
    from transformers.models.owlvit.image_processing_pil_owlvit import OwlViTImageProcessorPil

    from tests.parity.tiny_models import clip_tokenizer

    words = clip_tokenizer()
    words.model_max_length = 16
    words.pad_token = "!"
    config = OwlViTConfig(
        text_config={**LAYERS, "vocab_size": len(words), "max_position_embeddings": 16, "pad_token_id": words.pad_token_id,
                     "bos_token_id": words.bos_token_id, "eos_token_id": words.eos_token_id},
        vision_config={**LAYERS, "image_size": 32, "patch_size": 16}, projection_dim=32,
    )  # fmt: skip
    pictures = OwlViTImageProcessorPil(size={"height": 32, "width": 32}, do_center_crop=False)
    return save(folder, seeded(OwlViTForObjectDetection, config), pictures, words, scale=3.0)


def write_segformer(folder: Path) -> Path:
    from transformers import SegformerConfig, SegformerForSemanticSegmentation
    from transformers.models.segformer.image_processing_pil_segformer import SegformerImageProcessorPil

    config = SegformerConfig(
        num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[8, 16], patch_sizes=[7, 3], strides=[4, 2],
        num_attention_heads=[1, 2], mlp_ratios=[2, 2], decoder_hidden_size=16, initializer_range=0.5, **NAMED,
    )  # fmt: skip
    pictures = SegformerImageProcessorPil(size={"height": 32, "width": 32})
    return save(folder, seeded(SegformerForSemanticSegmentation, config), pictures)


def write_mask2former(folder: Path) -> Path:
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig
    from transformers.models.mask2former.image_processing_pil_mask2former import Mask2FormerImageProcessorPil

    config = Mask2FormerConfig(
        backbone_config=SwinConfig(**SWIN, out_features=["stage1", "stage2", "stage3", "stage4"]),
        feature_size=32, mask_feature_size=32, hidden_dim=32, encoder_feedforward_dim=16, encoder_layers=1, decoder_layers=2,
        num_attention_heads=2, dim_feedforward=16, num_queries=9, use_pretrained_backbone=False, backbone=None, init_std=0.5,
        **NAMED,
    )  # fmt: skip
    pictures = Mask2FormerImageProcessorPil(size={"height": 64, "width": 64}, num_labels=3)
    return save(folder, seeded(Mask2FormerForUniversalSegmentation, config), pictures, scale=2.0)


def write_oneformer(folder: Path) -> Path:
    from transformers import OneFormerConfig, OneFormerForUniversalSegmentation, SwinConfig
    from transformers.models.oneformer.image_processing_pil_oneformer import OneFormerImageProcessorPil
    from transformers.models.oneformer.processing_oneformer import OneFormerProcessor

    from tests.parity.tiny_models import clip_tokenizer

    words = clip_tokenizer()
    words.pad_token = "!"
    config = OneFormerConfig(
        backbone_config=SwinConfig(**SWIN, out_features=["stage1", "stage2", "stage3", "stage4"]), use_pretrained_backbone=False,
        backbone=None, num_queries=2, hidden_dim=32, mask_dim=32, conv_dim=32, encoder_feedforward_dim=16, encoder_layers=1,
        decoder_layers=2, num_attention_heads=2, dim_feedforward=16, task_seq_len=77, text_encoder_width=32,
        text_encoder_context_length=77, text_encoder_num_layers=1, text_encoder_vocab_size=len(words), is_training=False, **NAMED,
    )  # fmt: skip
    classes = {str(n): {"name": name, "isthing": int(n < 2)} for n, name in LABELS.items()}
    folder.mkdir(exist_ok=True)
    (folder / "classes.json").write_text(json.dumps(classes))
    pictures = OneFormerImageProcessorPil(
        size={"height": 64, "width": 64},
        num_labels=3,
        repo_path=str(folder),
        class_info_file="classes.json",
        num_text=5,
    )
    OneFormerProcessor(pictures, words).save_pretrained(folder)
    import torch

    model = seeded(OneFormerForUniversalSegmentation, config)
    for name, weight in model.named_parameters():
        if name.endswith("class_embed.bias"):
            weight.data += torch.tensor([6.0, 1.5, 1.0, 0.0])  # something is there
    return save(folder, model, scale=2.0)


def write_sam(folder: Path) -> Path:
    from transformers import SamConfig, SamModel
    from transformers.models.sam.image_processing_pil_sam import SamImageProcessorPil
    from transformers.models.sam.processing_sam import SamProcessor

    config = SamConfig(
        vision_config={"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 64, "patch_size": 16,
                       "mlp_dim": 16, "output_channels": 16, "global_attn_indexes": [0], "window_size": 2, "num_pos_feats": 8},
        prompt_encoder_config={"hidden_size": 16, "image_size": 64, "patch_size": 16, "mask_input_channels": 4},
        mask_decoder_config={"hidden_size": 16, "mlp_dim": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                             "iou_head_hidden_dim": 16},
    )  # fmt: skip
    pictures = SamImageProcessorPil(size={"longest_edge": 64}, pad_size={"height": 64, "width": 64},
                                    mask_size={"longest_edge": 16}, mask_pad_size={"height": 16, "width": 16})  # fmt: skip
    SamProcessor(pictures).save_pretrained(folder)
    return save(folder, seeded(SamModel, config), scale=3.0)


def write_sam2(folder: Path) -> Path:
    """Its image processor is made for torchvision alone."""
    from transformers import Sam2Config, Sam2ImageProcessor, Sam2Model, Sam2Processor

    trunk = {
        "model_type": "sam2_hiera_det_model", "hidden_size": 8, "num_attention_heads": 1, "image_size": [64, 64],
        "blocks_per_stage": [1, 1, 2, 1], "embed_dim_per_stage": [8, 16, 32, 64], "num_attention_heads_per_stage": [1, 1, 2, 2],
        "window_size_per_stage": [4, 2, 4, 2], "global_attention_blocks": [3],
        "window_positional_embedding_background_size": [4, 4],
    }  # fmt: skip
    config = Sam2Config(
        vision_config={"model_type": "sam2_vision_model", "backbone_config": trunk, "backbone_channel_list": [64, 32, 16, 8],
                       "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]], "fpn_hidden_size": 32},
        prompt_encoder_config={"hidden_size": 32, "image_size": 64, "patch_size": 16, "mask_input_channels": 4},
        mask_decoder_config={"hidden_size": 32, "mlp_dim": 32, "num_attention_heads": 2, "num_hidden_layers": 1,
                             "iou_head_hidden_dim": 16, "iou_head_depth": 2},
    )  # fmt: skip
    pictures = Sam2ImageProcessor(size={"height": 64, "width": 64}, mask_size={"height": 16, "width": 16})
    return save(folder, seeded(Sam2Model, config), Sam2Processor(pictures, target_size=64), scale=3.0)


def write_zoedepth(folder: Path) -> Path:
    from transformers import BeitConfig, ZoeDepthConfig, ZoeDepthForDepthEstimation
    from transformers.models.zoedepth.image_processing_pil_zoedepth import ZoeDepthImageProcessorPil

    trunk = BeitConfig(
        image_size=32, patch_size=8, hidden_size=16, num_hidden_layers=4, num_attention_heads=2, intermediate_size=16,
        out_features=["stage1", "stage2", "stage3", "stage4"], out_indices=[1, 2, 3, 4], reshape_hidden_states=False,
        use_relative_position_bias=True,
    )  # fmt: skip
    config = ZoeDepthConfig(
        backbone_config=trunk, neck_hidden_sizes=[8, 8, 8, 8], fusion_hidden_size=8, bottleneck_features=8,
        num_relative_features=8, num_attractors=[4, 2, 2, 1], bin_embedding_dim=8, num_patch_transformer_layers=1,
        patch_transformer_hidden_size=8, patch_transformer_intermediate_size=8, patch_transformer_num_attention_heads=2,
        bin_configurations=[{"n_bins": 8, "min_depth": 0.001, "max_depth": 10.0, "name": "nyu"}],
    )  # fmt: skip
    pictures = ZoeDepthImageProcessorPil(size={"height": 32, "width": 32}, ensure_multiple_of=8)
    return save(folder, seeded(ZoeDepthForDepthEstimation, config), pictures)


def write_dpt(folder: Path) -> Path:
    from transformers import DPTConfig, DPTForDepthEstimation
    from transformers.models.dpt.image_processing_pil_dpt import DPTImageProcessorPil

    config = DPTConfig(
        **{**LAYERS, "num_hidden_layers": 4}, image_size=32, patch_size=8, backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 8, 8, 8], fusion_hidden_size=8, reassemble_factors=[4, 2, 1, 0.5], is_hybrid=False,
    )  # fmt: skip
    pictures = DPTImageProcessorPil(size={"height": 32, "width": 32})
    return save(folder, seeded(DPTForDepthEstimation, config), pictures, scale=2.0)


def write_vitpose(folder: Path) -> Path:
    from transformers import VitPoseBackboneConfig, VitPoseConfig, VitPoseForPoseEstimation
    from transformers.models.vitpose.image_processing_pil_vitpose import VitPoseImageProcessorPil

    config = VitPoseConfig(
        backbone_config=VitPoseBackboneConfig(
            image_size=[64, 48], patch_size=[16, 16], hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
            out_features=["stage2"], part_features=8,
        ),
        num_labels=17, use_pretrained_backbone=False, scale_factor=4,
    )  # fmt: skip
    pictures = VitPoseImageProcessorPil(size={"height": 64, "width": 48})
    return save(folder, seeded(VitPoseForPoseEstimation, config), pictures, scale=3.0)


def write_swin2sr(folder: Path) -> Path:
    from transformers import Swin2SRConfig, Swin2SRForImageSuperResolution
    from transformers.models.swin2sr.image_processing_pil_swin2sr import Swin2SRImageProcessorPil

    config = Swin2SRConfig(
        image_size=16, embed_dim=12, depths=[1], num_heads=[2], window_size=4, upscale=2, upsampler="pixelshuffle",
        num_channels=3, num_channels_out=3,
    )  # fmt: skip
    pictures = Swin2SRImageProcessorPil(pad_size=8)
    return save(folder, seeded(Swin2SRForImageSuperResolution, config), pictures)


def write_git(folder: Path) -> Path:
    from transformers import GitConfig, GitForCausalLM, GitProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    words = tokenizer(cls_token="<cls>", sep_token="<sep>")
    config = GitConfig(
        **LAYERS, vocab_size=len(words), max_position_embeddings=64, initializer_range=0.3, pad_token_id=words.pad_token_id,
        bos_token_id=words.cls_token_id, eos_token_id=words.sep_token_id,
        vision_config={**LAYERS, "image_size": 32, "patch_size": 16, "initializer_range": 0.3},
    )  # fmt: skip
    pictures = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    GitProcessor(pictures, words).save_pretrained(folder)
    return save(folder, seeded(GitForCausalLM, config), scale=3.0)


def _blip(folder: Path, name: str) -> Path:
    import transformers
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    words = tokenizer(cls_token="<cls>", sep_token="<sep>")
    config = transformers.BlipConfig(
        text_config={**LAYERS, "vocab_size": len(words), "max_position_embeddings": 64, "bos_token_id": words.cls_token_id,
                     "eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id, "sep_token_id": words.sep_token_id,
                     "encoder_hidden_size": 32, "projection_dim": 32},
        vision_config={**LAYERS, "image_size": 32, "patch_size": 16}, projection_dim=32,
    )  # fmt: skip
    transformers.BlipProcessor(BlipImageProcessorPil(size={"height": 32, "width": 32}), words).save_pretrained(folder)
    return save(folder, seeded(getattr(transformers, name), config), scale=8.0)


def write_blip(folder: Path) -> Path:
    return _blip(folder, "BlipForConditionalGeneration")


def write_blip_vqa(folder: Path) -> Path:
    return _blip(folder, "BlipForQuestionAnswering")


def write_vilt(folder: Path) -> Path:
    from transformers import ViltConfig, ViltForQuestionAnswering, ViltProcessor
    from transformers.models.vilt.image_processing_pil_vilt import ViltImageProcessorPil

    words = tokenizer(cls_token="<cls>", sep_token="<sep>")
    config = ViltConfig(
        **LAYERS, **NAMED, vocab_size=len(words), image_size=32, patch_size=16, max_position_embeddings=64, max_image_length=-1,
        initializer_range=0.3,
    )  # fmt: skip
    words.model_max_length = 40
    pictures = ViltImageProcessorPil(size={"shortest_edge": 32}, size_divisor=16)
    ViltProcessor(pictures, words).save_pretrained(folder)
    return save(folder, seeded(ViltForQuestionAnswering, config))


def _vision_encoder_decoder(folder: Path, processor: Any, words: Any, encoder: Any, decoder_class: Any) -> Path:
    from transformers import VisionEncoderDecoderConfig, VisionEncoderDecoderModel

    decoder = decoder_class(
        vocab_size=len(words), d_model=32, decoder_layers=2, decoder_attention_heads=4, decoder_ffn_dim=64,
        max_position_embeddings=64, is_decoder=True, add_cross_attention=True, is_encoder_decoder=False, init_std=0.3,
        pad_token_id=words.pad_token_id, eos_token_id=words.eos_token_id, bos_token_id=words.pad_token_id,
    )  # fmt: skip
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id = words.pad_token_id
    config.pad_token_id, config.eos_token_id = words.pad_token_id, words.eos_token_id
    processor.save_pretrained(folder)
    model = seeded(lambda c: VisionEncoderDecoderModel(config=c), config)
    model.generation_config.decoder_start_token_id = words.pad_token_id
    model.generation_config.pad_token_id, model.generation_config.eos_token_id = words.pad_token_id, words.eos_token_id
    return save(folder, model)


def write_trocr(folder: Path) -> Path:
    from transformers import TrOCRConfig, TrOCRProcessor, ViTConfig
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    words = tokenizer()
    encoder = ViTConfig(**LAYERS, image_size=32, patch_size=8, initializer_range=0.3)
    processor = TrOCRProcessor(ViTImageProcessorPil(size={"height": 32, "width": 32}), words)
    return _vision_encoder_decoder(folder, processor, words, encoder, TrOCRConfig)


def write_donut(folder: Path) -> Path:
    from transformers import DonutProcessor, DonutSwinConfig, MBartConfig
    from transformers.models.donut.image_processing_pil_donut import DonutImageProcessorPil

    words = tokenizer("<s_docvqa>", "<s_question>", "</s_question>", "<s_answer>", "</s_answer>")
    stages = {"depths": [1, 1], "num_heads": [1, 2], "image_size": [32, 32], "initializer_range": 0.3}
    encoder = DonutSwinConfig(**{**SWIN, **stages})
    pictures = DonutImageProcessorPil(size={"height": 32, "width": 32})
    return _vision_encoder_decoder(folder, DonutProcessor(pictures, words), words, encoder, MBartConfig)


def write_whisper(folder: Path) -> Path:
    from transformers import (
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperProcessor,
        WhisperTokenizer,
    )

    from tests.parity.tiny_models import _bytes_as_characters

    marks = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|de|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>",
             "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>", *(f"<|{i * 0.02:.2f}|>" for i in range(1501))]  # fmt: skip
    vocabulary = {w: i for i, w in enumerate([*_bytes_as_characters(), *marks])}
    words = WhisperTokenizer(vocab={k: v for k, v in vocabulary.items() if v <= 256}, merges=[])
    words.add_special_tokens({"additional_special_tokens": marks})
    ids = words.convert_tokens_to_ids
    config = WhisperConfig(
        vocab_size=len(words), d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=32, decoder_ffn_dim=32, num_mel_bins=80, max_source_positions=1500,
        max_target_positions=40, init_std=0.3,
        decoder_start_token_id=ids("<|startoftranscript|>"), pad_token_id=ids("<|endoftext|>"), bos_token_id=ids("<|endoftext|>"),
        eos_token_id=ids("<|endoftext|>"), suppress_tokens=None, begin_suppress_tokens=None,
    )  # fmt: skip
    model = seeded(WhisperForConditionalGeneration, config)
    WhisperProcessor(WhisperFeatureExtractor(feature_size=80), words).save_pretrained(folder)
    return settings(
        save(folder, model),
        lang_to_id={"<|en|>": ids("<|en|>"), "<|de|>": ids("<|de|>")},
        task_to_id={"transcribe": ids("<|transcribe|>"), "translate": ids("<|translate|>")},
        no_timestamps_token_id=ids("<|notimestamps|>"), is_multilingual=True, max_initial_timestamp_index=50,
        # Random weights would write marks and times for the most part.
        suppress_tokens=[ids(mark) for mark in marks[1:]],
    )  # fmt: skip


def write_ctc(folder: Path) -> Path:
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    letters = {w: i for i, w in enumerate(["<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghij"])}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(letters))
    words = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    config = Wav2Vec2Config(
        vocab_size=len(letters), **LAYERS, conv_dim=[8, 8], conv_kernel=[10, 8], conv_stride=[10, 8], num_feat_extract_layers=2,
        num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, pad_token_id=0, initializer_range=0.5,
    )  # fmt: skip
    Wav2Vec2Processor(Wav2Vec2FeatureExtractor(return_attention_mask=False), words).save_pretrained(folder)
    return save(folder, seeded(Wav2Vec2ForCTC, config), scale=2.0)


def write_audio_classifier(folder: Path) -> Path:
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification

    config = Wav2Vec2Config(
        **LAYERS, **NAMED, conv_dim=[8, 8], conv_kernel=[10, 8], conv_stride=[10, 8], num_feat_extract_layers=2,
        num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, initializer_range=0.5, classifier_proj_size=8,
    )  # fmt: skip
    return save(folder, seeded(Wav2Vec2ForSequenceClassification, config), Wav2Vec2FeatureExtractor(), scale=2.0)


def write_video_classifier(folder: Path) -> Path:
    from transformers import VideoMAEConfig, VideoMAEForVideoClassification
    from transformers.models.videomae.image_processing_pil_videomae import VideoMAEImageProcessorPil

    config = VideoMAEConfig(
        **LAYERS, **NAMED, image_size=32, patch_size=16, num_frames=4, tubelet_size=2, initializer_range=0.3
    )
    pictures = VideoMAEImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    return save(folder, seeded(VideoMAEForVideoClassification, config), pictures)


def write_vits(folder: Path) -> Path:
    from transformers import VitsConfig, VitsModel, VitsTokenizer

    letters = {c: i for i, c in enumerate("-abcdefghijklmnopqrstuvwxyz ")}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(letters))
    words = VitsTokenizer(str(folder / "vocab.json"), pad_token="-", unk_token="-", language="en", phonemize=False)
    config = VitsConfig(
        vocab_size=len(letters), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, ffn_dim=16, flow_size=16,
        spectrogram_bins=9, upsample_initial_channel=16, upsample_rates=[4, 4], upsample_kernel_sizes=[8, 8],
        resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 1]], prior_encoder_num_flows=1,
        posterior_encoder_num_wavenet_layers=1,
        prior_encoder_num_wavenet_layers=1, duration_predictor_num_flows=1, depth_separable_num_layers=1,
        duration_predictor_flow_bins=4, sampling_rate=16000,
    )  # fmt: skip
    return save(folder, seeded(VitsModel, config), words)

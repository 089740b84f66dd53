"""Diffusion pipelines of a few thousand random weights, made from configurations: real classes, files of some hundred kB."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SIDE = 32
"""The pipelines' own width and height: 16 latent pixels, each of 2 x 2."""


def _tokenizer(folder: Path) -> Any:
    from transformers import CLIPTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = [*letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=20)


def parts(scratch: Path, *, channels: int = 4, unet: type | None = None, **options: Any) -> dict[str, Any]:
    """The components of a Stable Diffusion pipeline."""
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    tokenizer = _tokenizer(scratch / "tokenizer-files")
    text = CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=20, bos_token_id=len(tokenizer) - 2, eos_token_id=len(tokenizer) - 1,
        pad_token_id=len(tokenizer) - 1, projection_dim=16,
    )  # fmt: skip
    shape: dict[str, Any] = {
        "sample_size": SIDE // 2, "in_channels": channels, "out_channels": 4, "block_out_channels": (16, 16),
        "layers_per_block": 1, "cross_attention_dim": 16, "attention_head_dim": 8, "norm_num_groups": 4,
    }  # fmt: skip
    if unet is None:
        unet = UNet2DConditionModel
        shape["down_block_types"] = ("CrossAttnDownBlock2D", "DownBlock2D")
        shape["up_block_types"] = ("UpBlock2D", "CrossAttnUpBlock2D")
    vae = AutoencoderKL(
        block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4, norm_num_groups=4, sample_size=SIDE,
    )  # fmt: skip
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False
    )
    return {
        "unet": unet(**{**shape, **options}),
        "vae": vae,
        "scheduler": scheduler,
        "text_encoder": CLIPTextModel(text).eval(),
        "tokenizer": tokenizer,
    }


def stable_diffusion(folder: Path, name: str = "StableDiffusionPipeline", **options: Any) -> Path:
    """A pipeline for images, saved in ``folder``."""
    import diffusers

    extra: dict[str, Any] = {} if "Upscale" in name else {"safety_checker": None, "feature_extractor": None}
    if "low_res" in options:
        extra["low_res_scheduler"] = options.pop("low_res")
        extra["max_noise_level"] = 350
    pipeline = getattr(diffusers, name)(**parts(folder.with_name(f"{folder.name}-parts"), **options), **extra)
    pipeline.save_pretrained(folder)
    return folder


def controlnet(folder: Path, checkpoint: Path) -> Path:
    """A ControlNet that fits a checkpoint; its outputs are not zero, as those of an untrained one would be."""
    import torch
    from diffusers import ControlNetModel, UNet2DConditionModel

    torch.manual_seed(1)
    unet = UNet2DConditionModel.from_pretrained(checkpoint, subfolder="unet")
    net = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(8, 8))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    net.save_pretrained(folder)
    return folder


def text_to_video(folder: Path) -> Path:
    """A pipeline for videos of 4 frames and more."""
    from diffusers import TextToVideoSDPipeline, UNet3DConditionModel

    made = parts(
        folder.with_name(f"{folder.name}-parts"), unet=UNet3DConditionModel,
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"), up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
        attention_head_dim=4,
    )  # fmt: skip
    TextToVideoSDPipeline(**made).save_pretrained(folder)
    return folder


def text_to_audio(folder: Path) -> Path:
    """A pipeline for sounds at 16 kHz."""
    import torch
    from diffusers import AudioLDMPipeline, AutoencoderKL, UNet2DConditionModel
    from transformers import ClapTextConfig, ClapTextModelWithProjection, SpeechT5HifiGan, SpeechT5HifiGanConfig

    torch.manual_seed(0)
    made = parts(folder.with_name(f"{folder.name}-parts"))
    made["unet"] = UNet2DConditionModel(
        sample_size=SIDE, in_channels=4, out_channels=4, block_out_channels=(8, 8), layers_per_block=1, norm_num_groups=4,
        down_block_types=("DownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "UpBlock2D"),
        mid_block_type="UNetMidBlock2D", class_embed_type="simple_projection", projection_class_embeddings_input_dim=16,
        class_embeddings_concat=True,
    )  # fmt: skip
    made["vae"] = AutoencoderKL(
        in_channels=1, out_channels=1, block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=4, norm_num_groups=4,
    )  # fmt: skip
    text = ClapTextConfig(
        vocab_size=len(made["tokenizer"]), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=128, projection_dim=16, pad_token_id=len(made["tokenizer"]) - 1,
    )  # fmt: skip
    made["text_encoder"] = ClapTextModelWithProjection(text).eval()
    made["vocoder"] = SpeechT5HifiGan(
        SpeechT5HifiGanConfig(
            model_in_dim=8, sampling_rate=16000, upsample_initial_channel=8, upsample_rates=[2, 2], upsample_kernel_sizes=[4, 4],
            resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1]], normalize_before=False,
        )
    ).eval()  # fmt: skip
    AudioLDMPipeline(**made).save_pretrained(folder)
    return folder


def _t5(words: int) -> Any:
    from transformers import T5Config, T5EncoderModel

    shape = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2, "dropout_rate": 0.0}
    return T5EncoderModel(T5Config(vocab_size=words, **shape)).eval()


def flux(folder: Path) -> Path:
    """A pipeline for images whose network is a transformer over pairs of latent pixels."""
    import torch
    from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

    torch.manual_seed(0)
    made = parts(folder.with_name(f"{folder.name}-parts"))
    made.pop("unet")
    made["transformer"] = FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=16, pooled_projection_dim=16, axes_dims_rope=[4, 4, 8],
    )  # fmt: skip
    made["vae"] = AutoencoderKL(
        block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4, norm_num_groups=4, sample_size=SIDE, use_quant_conv=False, use_post_quant_conv=False,
        shift_factor=0.06, scaling_factor=1.5,
    )  # fmt: skip
    made["scheduler"] = FlowMatchEulerDiscreteScheduler()
    tokenizer = made["tokenizer"]
    FluxPipeline(**made, text_encoder_2=_t5(len(tokenizer)), tokenizer_2=tokenizer).save_pretrained(folder)
    return folder


def ltx(folder: Path) -> Path:
    """A pipeline for videos from text, and from an image and text."""
    import torch
    from diffusers import (
        AutoencoderKLLTXVideo,
        FlowMatchEulerDiscreteScheduler,
        LTXPipeline,
        LTXVideoTransformer3DModel,
    )

    torch.manual_seed(0)
    tokenizer = _tokenizer(folder.with_name(f"{folder.name}-parts"))
    transformer = LTXVideoTransformer3DModel(
        in_channels=8, out_channels=8, patch_size=1, patch_size_t=1, num_attention_heads=4, attention_head_dim=8,
        cross_attention_dim=32, num_layers=1, caption_channels=16,
    )  # fmt: skip
    vae = AutoencoderKLLTXVideo(
        in_channels=3, out_channels=3, latent_channels=8, block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1, 1, 1, 1, 1), decoder_layers_per_block=(1, 1, 1, 1, 1),
        spatio_temporal_scaling=(True, True, False, False), decoder_spatio_temporal_scaling=(True, True, False, False),
        decoder_inject_noise=(False,) * 5, upsample_residual=(False,) * 4, upsample_factor=(1,) * 4, timestep_conditioning=False,
        patch_size=1, patch_size_t=1, encoder_causal=True, decoder_causal=False,
    )  # fmt: skip
    vae.use_framewise_encoding = vae.use_framewise_decoding = False
    pipeline = LTXPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=vae, text_encoder=_t5(len(tokenizer)), tokenizer=tokenizer,
        transformer=transformer,
    )  # fmt: skip
    pipeline.save_pretrained(folder)
    return folder

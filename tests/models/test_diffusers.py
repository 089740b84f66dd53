"""Diffusion pipelines: the same pixels as the library's own calls, for every kind of request, one by one and in batches."""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from genlevel import models
from genlevel.errors import ModelError, RequestFailed
from genlevel.media import encode_mp4, encode_png, load_audio, load_frames, load_image
from genlevel.media.opencv import opencv
from genlevel.models.diffusers_media import prompt_of, work_size
from genlevel.records import Part, Reply, Request
from tests.models import tiny_diffusers as tiny
from tests.models.tiny_checkpoints import on_cpu

pytest.importorskip("diffusers")
STEPS = 2


@pytest.fixture(autouse=True)
def library_warnings() -> Iterator[None]:
    """The library's own warnings, when tests call it directly, are not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Tiny checkpoints of several families."""
    root = tmp_path_factory.mktemp("zoo")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from diffusers import DDPMScheduler

        sd = tiny.stable_diffusion(root / "sd")
        return SimpleNamespace(
            sd=sd,
            net=tiny.controlnet(root / "net", sd),
            edit=tiny.stable_diffusion(root / "edit", "StableDiffusionInstructPix2PixPipeline", channels=8),
            fill=tiny.stable_diffusion(root / "fill", "StableDiffusionInpaintPipeline", channels=9),
            upscale=tiny.stable_diffusion(
                root / "upscale", "StableDiffusionUpscalePipeline", channels=7, low_res=DDPMScheduler(), num_class_embeds=400
            ),
            flux=tiny.flux(root / "flux"),
            ltx=tiny.ltx(root / "ltx"),
            film=tiny.text_to_video(root / "film"),
            sound=tiny.text_to_audio(root / "sound"),
        )  # fmt: skip


def pixels(height: int, width: int, seed: int = 0) -> Any:
    """A smooth coloured image."""
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 4, 3)).astype(np.uint8)
    return opencv().resize(coarse, (width, height), interpolation=2)


def image(height: int = tiny.SIDE, width: int = tiny.SIDE, seed: int = 0) -> Part:
    return Part("image", data=encode_png(pixels(height, width, seed)))


def pil(height: int = tiny.SIDE, width: int = tiny.SIDE, seed: int = 0) -> Any:
    from PIL import Image

    return Image.fromarray(pixels(height, width, seed))


def hole() -> Any:
    mask = np.zeros((tiny.SIDE, tiny.SIDE), np.uint8)
    mask[8:20, 4:24] = 255
    return mask


def words(text: str) -> Part:
    return Part("text", text)


def ask(*parts: Part, seed: int = 0, task_type: str = "text-to-image", content: str = "") -> Request:
    return Request("t", str(seed), task_type, parts, frozenset({"image"}), seed=seed, content=content)


async def answers(spec: str, *requests: Request) -> Sequence[Reply | RequestFailed]:
    model = models.load(on_cpu(spec, "device"))
    await model.start([])
    try:
        return await model.generate_many(requests)
    finally:
        await model.close()


async def drawn(spec: str, *requests: Request) -> list[Any]:
    """The images that answer the requests."""
    replies = await answers(spec, *requests)
    for reply in replies:
        assert isinstance(reply, Reply), reply
    return [load_image(reply.parts[0]) for reply in replies if isinstance(reply, Reply)]


def generator(seed: int) -> Any:
    import torch

    return torch.Generator("cpu").manual_seed(seed)


def direct(name: str, folder: Path, seed: int, **arguments: Any) -> Any:
    """What the library itself gives."""
    import diffusers

    pipeline = getattr(diffusers, name).from_pretrained(folder, **arguments.pop("parts", {}))
    return pipeline(num_inference_steps=STEPS, generator=generator(seed), **arguments)


async def test_text_gives_the_librarys_own_picture(zoo: Any) -> None:
    (found,) = await drawn(
        f"diffusers:{zoo.sd}?steps={STEPS}&guidance=5&negative=blue&size=48x32", ask(words("a red dog"), seed=7)
    )
    wanted = direct(
        "StableDiffusionPipeline",
        zoo.sd,
        7,
        prompt="a red dog",
        guidance_scale=5.0,
        negative_prompt="blue",
        width=48,
        height=32,
    )
    np.testing.assert_array_equal(found, np.asarray(wanted.images[0]))


async def test_each_sample_has_its_seed_and_a_batch_changes_nothing(zoo: Any) -> None:
    requests = [ask(words(text), seed=seed) for seed, text in enumerate(("a dog", "a dog", "a red cat", "a dog", "x"))]
    spec = f"diffusers:{zoo.sd}?steps={STEPS}&negative=blue"
    alone = await drawn(spec, *requests)
    for batch in ("2", "5", "auto"):
        together = await drawn(f"{spec}&batch={batch}", *requests)
        for one, other in zip(alone, together, strict=True):
            # Sums of floats are taken in another order.
            assert np.abs(one.astype(int) - other).max() <= 1
    again = await drawn(spec, *reversed(requests))
    np.testing.assert_array_equal(np.stack(again[::-1]), np.stack(alone))
    assert np.abs(alone[0].astype(int) - alone[1]).mean() > 10, "another seed is another picture"


async def test_a_batch_of_images_is_one_image_a_prompt(zoo: Any) -> None:
    requests = [
        ask(image(seed=n), words("a dog"), seed=n, task_type="image-to-image", content="a dog") for n in range(3)
    ]
    spec = f"diffusers:{zoo.sd}?steps=4&strength=0.5"
    alone, together = await drawn(spec, *requests), await drawn(f"{spec}&batch=3", *requests)
    assert np.abs(np.stack(alone).astype(int) - np.stack(together)).max() <= 1


async def test_one_checkpoint_changes_and_fills_images_too(zoo: Any) -> None:
    mask = Part("image", data=encode_png(hole()))
    changed, filled, filled_too = await drawn(
        f"diffusers:{zoo.sd}?steps={STEPS}&strength=0.9",
        ask(image(40, 60), words("a dog"), seed=3, task_type="image-to-image"),
        ask(image(), mask, words("a dog"), seed=4, task_type="image-inpainting"),
        ask(
            image(), Part("image", data=encode_png(hole() // 255)), words("a dog"), seed=4, task_type="image-inpainting"
        ),
    )
    # 40 x 60 at the checkpoint's own 32 * 32 pixels: sides are multiples of 2.
    wanted = direct(
        "StableDiffusionImg2ImgPipeline", zoo.sd, 3, prompt="a dog", image=pil(40, 60).resize((40, 26)), strength=0.9
    )
    np.testing.assert_array_equal(changed, np.asarray(wanted.images[0]))
    from PIL import Image

    wanted = direct(
        "StableDiffusionInpaintPipeline", zoo.sd, 4, prompt="a dog", image=pil(), mask_image=Image.fromarray(hole()),
        width=32, height=32, strength=0.9,
    )  # fmt: skip
    np.testing.assert_array_equal(filled, np.asarray(wanted.images[0]))
    np.testing.assert_array_equal(filled_too, filled)


async def test_transformers_draw_change_and_fill_too(zoo: Any) -> None:
    from PIL import Image

    mask = Part("image", data=encode_png(hole()))
    requests = [
        ask(words("a dog"), seed=1),
        ask(image(), words("a dog"), seed=2, task_type="image-to-image", content="a dog"),
        ask(image(seed=1), words("a cat"), seed=3, task_type="image-to-image", content="a cat"),
        ask(image(), mask, words("a dog"), seed=4, task_type="image-inpainting", content="a dog"),
    ]
    spec = f"diffusers:{zoo.flux}?steps={STEPS}&size=32"
    found = await drawn(spec, *requests)
    size = {"width": 32, "height": 32}
    wanted = [
        direct("FluxPipeline", zoo.flux, 1, prompt="a dog", **size),
        direct("FluxImg2ImgPipeline", zoo.flux, 2, prompt="a dog", image=pil(), **size),
        direct("FluxImg2ImgPipeline", zoo.flux, 3, prompt="a cat", image=pil(seed=1), **size),
        direct(
            "FluxInpaintPipeline", zoo.flux, 4, prompt="a dog", image=pil(), mask_image=Image.fromarray(hole()), **size
        ),
    ]
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, np.asarray(other.images[0]))
    together = await drawn(f"{spec}&batch=4", *requests)
    assert np.abs(np.stack(together).astype(int) - np.stack(found)).max() <= 1


async def test_a_controlnet_gets_the_sketches(zoo: Any) -> None:
    from diffusers import ControlNetModel

    sketch = ask(image(), words("a dog"), seed=5, task_type="sketch-to-image")
    other = ask(image(), words("a dog"), seed=5, task_type="image-to-image")
    text = ask(words("a dog"), seed=5)
    spec = f"diffusers:{zoo.sd}?steps={STEPS}&controlnet={zoo.net}"
    found = await drawn(spec, sketch, other, text)
    wanted = direct(
        "StableDiffusionControlNetPipeline", zoo.sd, 5, prompt="a dog", image=pil(),
        parts={"controlnet": ControlNetModel.from_pretrained(zoo.net)},
    )  # fmt: skip
    np.testing.assert_array_equal(found[0], np.asarray(wanted.images[0]))
    plain = await drawn(f"diffusers:{zoo.sd}?steps={STEPS}", sketch, other, text)
    assert (found[0] != plain[0]).any()
    np.testing.assert_array_equal(np.stack(found[1:]), np.stack(plain[1:]))
    (all_of_them,) = await drawn(f"{spec}&control=all", other)
    np.testing.assert_array_equal(all_of_them, found[0])


async def test_an_editor_is_told_what_to_do(zoo: Any) -> None:
    (found,) = await drawn(
        f"diffusers:{zoo.edit}?steps={STEPS}&call.image_guidance_scale=1.2",
        ask(image(), words("make it blue"), seed=6, task_type="image-to-image", content="blue"),
    )
    wanted = direct(
        "StableDiffusionInstructPix2PixPipeline",
        zoo.edit,
        6,
        prompt="make it blue",
        image=pil(),
        image_guidance_scale=1.2,
    )
    np.testing.assert_array_equal(found, np.asarray(wanted.images[0]))


async def test_an_upscaler_makes_images_larger(zoo: Any) -> None:
    request = ask(image(16, 24), words("a dog"), seed=8, task_type="image-super-resolution", content="a dog")
    (found,) = await drawn(f"diffusers:{zoo.upscale}?steps={STEPS}", request)
    wanted = direct("StableDiffusionUpscalePipeline", zoo.upscale, 8, prompt="a dog", image=pil(16, 24))
    np.testing.assert_array_equal(found, np.asarray(wanted.images[0]))
    assert found.shape == (32, 48, 3)
    (refused,) = await answers(f"diffusers:{zoo.sd}?steps={STEPS}", request)
    assert isinstance(refused, RequestFailed) and "upscale=N" in str(refused)
    (redrawn,) = await drawn(f"diffusers:{zoo.sd}?steps={STEPS}&upscale=2", request)
    assert redrawn.shape == (32, 48, 3)


async def test_a_video_is_made_from_text_and_from_a_video(zoo: Any, tmp_path: Path) -> None:
    spec = f"diffusers:{zoo.film}?steps={STEPS}&frames=3&fps=5"
    (reply,) = await answers(spec, ask(words("a dog runs"), seed=9, task_type="text-to-video"))
    assert isinstance(reply, Reply)
    wanted = direct("TextToVideoSDPipeline", zoo.film, 9, prompt="a dog runs", num_frames=3, output_type="np").frames[0]
    frames = (wanted * 255).round().astype(np.uint8)
    assert reply.parts[0] == Part("video", data=encode_mp4(frames, 5), media_type="video/mp4")
    assert load_frames(reply.parts[0]).shape == (3, 32, 32, 3)
    (tmp_path / "a.mp4").write_bytes(reply.parts[0].data or b"")
    assert opencv().VideoCapture(str(tmp_path / "a.mp4")).get(opencv().CAP_PROP_FPS) == 5

    (other,) = await answers(
        f"{spec}&strength=0.8", ask(reply.parts[0], words("a cat"), seed=1, task_type="video-to-video")
    )
    assert isinstance(other, Reply)
    from PIL import Image

    source = [Image.fromarray(frame) for frame in load_frames(reply.parts[0])]
    wanted = direct(
        "VideoToVideoSDPipeline", zoo.film, 1, prompt="a cat", video=source, strength=0.8, output_type="np"
    ).frames[0]
    assert other.parts[0].data == encode_mp4((wanted * 255).round().astype(np.uint8), 5)


async def test_a_video_is_made_from_an_image_by_the_checkpoint_that_makes_it_from_text(zoo: Any) -> None:
    spec = f"diffusers:{zoo.ltx}?steps={STEPS}&frames=9&size=32"
    text = ask(words("a dog runs"), seed=1, task_type="text-to-video")
    pictured = ask(image(), words("a dog runs"), seed=2, task_type="image-to-video", content="a dog runs")
    found = [reply.parts[0].data for reply in await answers(spec, text, pictured) if isinstance(reply, Reply)]
    options = {"prompt": "a dog runs", "num_frames": 9, "width": 32, "height": 32, "output_type": "np"}
    wanted = [
        direct("LTXPipeline", zoo.ltx, 1, **options).frames[0],
        direct("LTXImageToVideoPipeline", zoo.ltx, 2, image=pil(), **options).frames[0],
    ]
    # 25 frames a second is what the pipeline is told by default.
    assert found == [encode_mp4((video * 255).round().astype(np.uint8), 25) for video in wanted]


async def test_sounds_are_the_librarys_own_too(zoo: Any) -> None:
    spec = f"diffusers:{zoo.sound}?steps={STEPS}&seconds=0.02"
    replies = await answers(
        f"{spec}&batch=2", *(ask(words("rain"), seed=n, task_type="text-to-audio") for n in range(2))
    )
    for seed, reply in enumerate(replies):
        assert isinstance(reply, Reply), reply
        samples, rate = load_audio(reply.parts[0])
        wanted = direct("AudioLDMPipeline", zoo.sound, seed, prompt="rain", audio_length_in_s=0.02).audios[0]
        assert rate == 16000
        np.testing.assert_allclose(samples, np.clip(wanted, -1, 1), atol=1e-4)
    assert models.load(spec).makes == {"audio"}


async def test_what_a_checkpoint_cannot_do_fails_alone(zoo: Any) -> None:
    fill = models.load(f"diffusers:{zoo.fill}")
    assert (fill.takes, fill.makes) == ({"text", "image"}, {"image"})
    broken = Part("image", data=b"no image")
    found = await answers(
        f"diffusers:{zoo.fill}?steps={STEPS}",
        ask(words("a dog")),
        ask(image(), words("a dog")),
        ask(image(), image(), image()),
        ask(broken, broken),
        ask(image(), Part("image", data=encode_png(hole())), seed=1),
    )
    assert [type(one) for one in found] == [RequestFailed] * 4 + [Reply]
    reasons = (
        "needs an image",
        "needs a mask",
        "cannot be asked with 3 images; it can with an image and its mask",
        "not an image",
    )
    for one, reason in zip(found, reasons, strict=False):
        assert reason in str(one)


async def test_running_out_of_memory_halves_the_batch(zoo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers import StableDiffusionPipeline

    calls: list[int] = []
    own = StableDiffusionPipeline.__call__

    def small(self: Any, *args: Any, prompt: Any, **arguments: Any) -> Any:
        calls.append(len(prompt) if isinstance(prompt, list) else 1)
        if calls[-1] > 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB.")
        return own(self, *args, prompt=prompt, **arguments)

    spec = f"diffusers:{zoo.sd}?steps={STEPS}&batch=4"
    model = models.load(spec)
    monkeypatch.setattr(StableDiffusionPipeline, "__call__", small)
    await model.start([])
    found = await model.generate_many([ask(words("a dog"), seed=n) for n in range(4)])
    assert all(isinstance(one, Reply) for one in found)
    assert calls == [4, 2, 2]


def test_the_identity_knows_the_weights(zoo: Any, tmp_path: Path) -> None:
    from shutil import copytree

    import torch
    from safetensors.torch import load_file, save_file

    def identity(folder: Path, options: str = "") -> Any:
        return models.load(f"diffusers:{folder}?steps=2{options}").identity()

    copy = tmp_path / "copy"
    copytree(zoo.sd, copy)
    assert identity(copy) == identity(zoo.sd)
    assert identity(copy, "&batch=3") == identity(zoo.sd)
    assert identity(copy, "&size=64") != identity(zoo.sd)
    file = next((copy / "unet").glob("*.safetensors"))
    weights = load_file(file)
    weights["conv_in.bias"] = weights["conv_in.bias"] + torch.tensor(1e-3)
    save_file(weights, file, {"format": "pt"})
    assert identity(copy) != identity(zoo.sd)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("?nonsense=1", "unknown option 'nonsense'"),
        ("?seconds=3", "StableDiffusionPipeline.* has no audio_length_in_s, which option seconds sets"),
        ("?call.nonsense=3", "has no nonsense, which option call.nonsense sets"),
        ("?call.prompt=x", "call.prompt is set by the samples"),
        ("?size=big", "size=big is neither"),
        ("?size=4", "size=4 is neither"),
        ("?dtype=int8", "dtype=int8 is none of float32, "),
        ("?offload=model&device=cpu", "there is no GPU"),
        ("?controlnet=/nowhere", "/nowhere"),
    ],
)
def test_wrong_options_are_named(zoo: Any, options: str, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        models.load(f"diffusers:{zoo.sd}{options}")


def saved(folder: Path, index: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model_index.json").write_text(index if isinstance(index, str) else json.dumps(index))
    return folder


def test_code_and_pickles_are_refused(zoo: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no folder"):
        models.load("diffusers:some/name")
    with pytest.raises(ModelError, match="give a folder in the form that diffusers saves"):
        models.load(f"diffusers:{tmp_path}")
    with pytest.raises(ModelError, match="is no JSON"):
        models.load(f"diffusers:{saved(tmp_path / 'a', '{')}")
    with pytest.raises(ModelError, match="code of its own"):
        models.load(f"diffusers:{saved(tmp_path / 'b', {'_class_name': ['pipeline', 'Mine']})}")
    for name in ("Mine", "UNet2DConditionModel", "logging"):
        with pytest.raises(ModelError, match=f"has no pipeline '{name}'"):
            models.load(f"diffusers:{saved(tmp_path / 'c', {'_class_name': name})}")
    for name in ("DDPMPipeline", "MarigoldDepthPipeline", "KandinskyV22Pipeline", "PaintByExamplePipeline"):
        with pytest.raises(ModelError, match=f"{name} cannot be asked"):
            models.load(f"diffusers:{saved(tmp_path / 'd', {'_class_name': name})}")
    index = {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}
    folder = saved(tmp_path / "e", index)
    (folder / "unet").mkdir()
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match=r"diffusion_pytorch_model\.bin is a pickle"):
        models.load(f"diffusers:{folder}")
    assert models.load(f"diffusers:{folder}?pickle=1").makes == {"image"}
    (folder / "unet" / "mine.py").write_text("raise SystemExit")
    with pytest.raises(ModelError, match="holds Python code"):
        models.load(f"diffusers:{folder}?pickle=1")


async def test_weights_that_cannot_be_read_end_the_run(zoo: Any, tmp_path: Path) -> None:
    from shutil import copytree

    folder = tmp_path / "torn"
    copytree(zoo.sd, folder)
    file = next((folder / "vae").glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ModelError, match="torn: cannot be loaded"):
        await models.load(f"diffusers:{folder}").start([])


def test_prompts() -> None:
    plain: Any = SimpleNamespace(instructed=False)
    editor: Any = SimpleNamespace(instructed=True)
    sketch = "Turn the sketch into the picture that it stands for."
    assert prompt_of(ask(words(sketch), task_type="sketch-to-image"), plain, "a photo") == "a photo"
    assert prompt_of(ask(words(sketch), task_type="sketch-to-image"), editor, "a photo") == sketch
    assert prompt_of(ask(words("Draw: a dog"), content="a dog"), plain, "") == "a dog"
    assert prompt_of(ask(words("Draw: a dog"), content="a dog"), editor, "") == "Draw: a dog"
    assert prompt_of(ask(words("a dog"), words("a cat"), task_type="of-somebody"), plain, "") == "a dog\na cat"


def test_sizes() -> None:
    assert work_size((1000, 500), (64, 48), 1, 8) == (64, 48)
    assert work_size((1000, 500), (65, 3), None, 8) == (64, 8)
    assert work_size((1000, 500), "native", 512 * 512, 8) == (728, 360)
    assert work_size((7, 5), "source", 512 * 512, 8) == (8, 8)


@pytest.mark.parametrize(
    ("name", "takes", "makes", "ways"),
    [
        ("StableDiffusionXLPipeline", "image,text", "image", "text,image,mask"),
        ("StableDiffusionImg2ImgPipeline", "image,text", "image", "image,text,mask"),
        ("StableDiffusionControlNetPipeline", "image,text", "image", "control,text,image,mask"),
        ("FluxPipeline", "image,text", "image", "text,image,mask"),
        ("FluxKontextPipeline", "image,text", "image", "image,text"),
        ("FluxFillPipeline", "image,text", "image", "mask"),
        ("StableVideoDiffusionPipeline", "image,text", "video", "image"),
        ("LTXPipeline", "image,text", "video", "text,image"),
        ("LTXConditionPipeline", "image,text,video", "video", "image,video,text"),
        ("SanaVideoPipeline", "text", "video", "text"),
        ("FluxControlPipeline", "image,text", "image", "control"),
        ("KandinskyV22CombinedPipeline", "image,text", "image", "text,image,mask"),
        ("WanPipeline", "text,video", "video", "text,video"),
        ("CogVideoXPipeline", "text,video", "video", "text,video"),
        ("StableAudioPipeline", "text", "audio", "text"),
        ("AudioLDM2Pipeline", "text", "audio", "text"),
        ("LDMSuperResolutionPipeline", "image,text", "image", "image"),
    ],
)
def test_what_pipelines_can_do(tmp_path: Path, name: str, takes: str, makes: str, ways: str) -> None:
    import diffusers

    parts = inspect.signature(getattr(diffusers, name).__init__).parameters
    index = {"_class_name": name, **{part: [None, None] for part in parts if part != "self"}}
    model: Any = models.load(f"diffusers:{saved(tmp_path, index)}")
    assert (",".join(sorted(model.takes)), ",".join(model.makes)) == (takes, makes)
    assert ",".join(model._checkpoint.ways) == ways

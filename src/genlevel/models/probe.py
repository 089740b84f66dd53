"""One tiny request of each kind: what a model can do, how fast, and what goes wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from genlevel import tasktypes
from genlevel.errors import GenlevelError, ModelError, RequestFailed
from genlevel.models.base import Model
from genlevel.records import Part, PartKind, Reply, Request

_SHOWN = 60
_QUESTION = "Answer with one word: what is the capital of France?"
# For specialists, who read no questions: what the pictures show, and words to choose from.
_CONTENT = "A red square on white."
_CHOICES = ("red", "green", "Paris", "London", "left", "right", "speech", "tone")


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one request. ``error`` is empty where it was answered with a part of the kind asked for.

    ``outside`` marks a request that is not for this model: it refused it without trying.
    """

    given: str
    asked: str
    seconds: float
    answer: str = ""
    error: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    outside: bool = False
    part: str = ""
    """Which model of several was asked."""
    task_type: str = ""
    """Of which type the request was, where the model is for certain types."""


async def probe(
    model: Model, timeout: float = 120.0, tell: Callable[[Finding], None] = lambda _: None
) -> list[Finding]:
    """Ask a model for one answer to each kind of part that it takes, and for one of each kind that it makes.

    Of a model that passes requests on, each one behind it is asked.

    Raises:
        ModelError: no request can work at all.
    """
    try:
        findings = []
        parts = model.parts() or {"": model}
        if all(part.bound for part in parts.values()):
            several = "its models answer only the samples of a data folder; try them there: genlevel run --model SPEC --data DIR"
            raise ModelError(f"{model.name}: {several if model.parts() else model.bound}")
        for name, part in parts.items():
            if part.bound:
                findings.append(Finding("nothing", "nothing", 0.0, error=part.bound, outside=True, part=name))
                continue
            await part.start([])
            for request in requests(part):
                task_type = "" if part.task_types is None else request.task_type
                findings.append(replace(await _ask(part, request, timeout), part=name, task_type=task_type))
                tell(findings[-1])
        return findings
    finally:
        await model.close()


def requests(model: Model) -> Iterator[Request]:
    """The requests for what the model says it takes and makes, and does."""
    if model.task_types is not None:
        yield from _special(model, model.task_types)
        return
    if "text" in model.makes:
        yield _request("text-generation", (Part("text", _QUESTION),))
        for kind, (task_type, question, example) in _EXAMPLES.items():
            if kind in model.takes:
                yield _request(task_type, (example(), Part("text", question)))
    for kind, (task_type, wish) in _WISHES.items():
        if kind in model.makes:
            # What takes no text works from the medium alone.
            text = (Part("text", wish),) if "text" in model.takes else ()
            source = () if text else tuple(_EXAMPLES[k][2]() for k in _EXAMPLES if k in model.takes)[:1]
            yield _request(task_type, text + source, kind, wish if text else "")


def _special(model: Model, types: frozenset[str]) -> Iterator[Request]:
    """One request of each type that a specialist does; of those that are answered by media one for each kind that is shown."""
    drawn: set[tuple[str, ...]] = set()
    for name in sorted(types & set(tasktypes.TASK_TYPES)):
        kind: tasktypes.TaskType = tasktypes.get(name)
        asked = sorted(kind.makes & model.makes, key=lambda one: (one == "text", one))
        shown = tuple(one for one in _EXAMPLES if one in (kind.needs() or kind.takes) & model.takes)[:1]
        if not asked or (asked[0] != "text" and (asked[0], *shown) in drawn):
            continue
        drawn.add((asked[0], *shown))
        words = _EXAMPLES[shown[0]][1] if shown else _QUESTION
        if asked[0] != "text":
            words = _WISHES[asked[0]][1]
        parts = (*(_EXAMPLES[one][2]() for one in shown), Part("text", words))
        yield _request(name, parts, asked[0], _CONTENT, _CHOICES if asked[0] == "text" else ())


def _request(
    task_type: str, parts: tuple[Part, ...], makes: PartKind = "text", content: str = "", choices: tuple[str, ...] = ()
) -> Request:
    return Request("check", task_type, task_type, parts, frozenset({makes}), seed=1, choices=choices, content=content)


async def _ask(model: Model, request: Request, timeout: float) -> Finding:
    given = " + ".join(dict.fromkeys(part.kind for part in request.parts))
    (asked,) = request.makes
    began = time.perf_counter()
    reply, error, outside = Reply(()), "", False
    try:
        async with asyncio.timeout(timeout):
            reply = await model.generate(request)
        if not any(part.kind == asked for part in reply.parts):
            kinds = ", ".join(sorted({part.kind for part in reply.parts})) or "nothing"
            error = f"was asked for {asked} and gave {kinds}"
    except TimeoutError:
        error = f"no answer within {timeout:g} s"
    except RequestFailed as failure:
        error, outside = str(failure), failure.attempts == 0
    except GenlevelError:
        raise
    except Exception as failure:
        error = " ".join(f"{type(failure).__name__}: {failure}".split())[:300]
    seconds, usage = time.perf_counter() - began, reply.usage
    shown = "; ".join(map(_shown, reply.parts))
    return Finding(given, asked, seconds, shown, error, usage.input_tokens, usage.output_tokens, usage.cost, outside)


def _shown(part: Part) -> str:
    if part.kind == "text":
        text = " ".join(part.text.split())
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    from genlevel.media import media_type, part_bytes

    size = len(part_bytes(part))
    return f"{part.kind} ({media_type(part)}, {size:,} bytes)"


def _image() -> Part:
    """A red square on white."""
    import numpy as np

    from genlevel.media import encode_png

    pixels = np.full((64, 64, 3), 255, np.uint8)
    pixels[16:48, 16:48] = (220, 20, 20)
    return Part("image", data=encode_png(pixels), media_type="image/png")


def _video() -> Part:
    """A red square that moves to the right."""
    import numpy as np

    from genlevel.media import encode_mp4

    frames = np.full((8, 64, 64, 3), 255, np.uint8)
    for i, frame in enumerate(frames):
        frame[24:40, 4 * i : 4 * i + 16] = (220, 20, 20)
    return Part("video", data=encode_mp4(frames, 8), media_type="video/mp4")


def _audio() -> Part:
    """A tone of 440 Hz."""
    import numpy as np

    from genlevel.media import encode_wav

    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16000)
    return Part("audio", data=encode_wav(tone.astype(np.float32), 16000), media_type="audio/wav")


def _points() -> Part:
    """The corners of a cube."""
    import numpy as np

    from genlevel.media import encode_ply

    corners = np.stack(np.meshgrid([0.0, 1.0], [0.0, 1.0], [0.0, 1.0]), axis=-1).reshape(-1, 3)
    return Part("points", data=encode_ply(corners), media_type="model/ply")


_EXAMPLES: dict[PartKind, tuple[str, str, Callable[[], Part]]] = {
    "image": ("visual-question-answering", "Answer with one word: what colour is the square?", _image),
    "video": ("video-question-answering", "Answer with one word: does the square move left or right?", _video),
    "audio": ("audio-question-answering", "Answer with one word: is this speech or a tone?", _audio),
    "points": ("point-cloud-classification", "Answer with one word: what shape is this?", _points),
}
_WISHES: dict[PartKind, tuple[str, str]] = {
    "image": ("text-to-image", "A red square on white."),
    "video": ("text-to-video", "A red square that moves to the right."),
    "audio": ("text-to-speech", "Good morning."),
    "points": ("text-to-3d", "A cube."),
}

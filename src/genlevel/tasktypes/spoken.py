"""Sound made from something else: speech from text, sound for pictures and video."""

from __future__ import annotations

from genlevel.tasktypes.audio import AudioAnswer

__all__ = ["ImageToAudio", "TextToSpeech", "VideoToAudio"]


class TextToSpeech(AudioAnswer):
    """A text read aloud, in the voice, mood or conversation that the prompt asks for.

    Example: ``{"input": {"text": "Good morning.", "prompt": "Read the text aloud, gladly."},
    "output": {"audio_file": "a.wav"}}``. For ``wer`` the reference is the text, or ``output.text``.
    """

    name = "text-to-speech"
    title = "Text to speech"
    answer_format = "speech"
    takes = frozenset({"text", "audio", "image", "video"})
    prompt = "Read the text aloud."
    wishes = ("transcript", "transcription", "text", "sentence", "content", "script", "prompt")


class VideoToAudio(AudioAnswer):
    """The sound that belongs to a silent video.

    Example: ``{"input": {"video_file": "a.mp4"}, "output": {"audio_file": "a.wav"}}``.
    """

    name = "video-to-audio"
    title = "Video to audio"
    answer_format = "a sound as long as the video"
    takes = frozenset({"video", "text"})
    media = "video"
    prompt = "Make the sound of the video."


class ImageToAudio(AudioAnswer):
    """An image described in speech. Texts that describe it are the references for ``cider``.

    Example: ``{"input": {"image_file": "a.png"}, "output": {"text": ["A dog runs.", "A running dog."]}}``; ``audio_file`` in
    ``output`` is the reference for metrics that compare sounds.
    """

    name = "image-to-audio"
    title = "Image to audio"
    answer_format = "speech"
    takes = frozenset({"image", "text"})
    media = "image"
    prompt = "Say what the image shows."
    wishes = ("captions", "caption", "transcript", "text", "description", "answer")

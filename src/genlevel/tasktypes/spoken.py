"""Sound made from something else: speech from text, sound for video."""

from __future__ import annotations

from genlevel.tasktypes.audio import AudioAnswer

__all__ = ["TextToSpeech", "VideoToAudio"]


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
    reads_aloud = True
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

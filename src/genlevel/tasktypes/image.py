"""Tasks that ask about an image and are answered in text."""

from __future__ import annotations

from genlevel.tasktypes.reading import TextAnswer

__all__ = [
    "ImageCaptioning",
    "ImageClassification",
    "ImageCounting",
    "ImageToText",
    "MultipleChoiceVisualQuestionAnswering",
    "VisualQuestionAnswering",
]


class ImageClassification(TextAnswer):
    """One label for an image.

    Example: ``{"input": {"image_file": "a.png", "prompt": "Name the brand."}, "output": {"prediction": "Land Rover"}}``.
    """

    name = "image-classification"
    title = "Image classification"
    answer_format = "the label alone"
    takes = frozenset({"image", "text"})
    media = "image"
    reads = "label"
    prompt = "What does the image show?"
    form = "Answer with the label alone."


class VisualQuestionAnswering(TextAnswer):
    """A question about an image, with a short answer: yes or no, a number, some words.

    Example: ``{"input": {"image_file": "a.png", "question": "What colour is it?"}, "output": {"text": "red"}}``.
    """

    name = "visual-question-answering"
    title = "Visual question answering"
    answer_format = "a short answer"
    takes = frozenset({"image", "text"})
    media = "image"
    reads = "label"
    prompt = "Answer the question about the image."
    form = "Answer briefly, with the answer alone."


class MultipleChoiceVisualQuestionAnswering(TextAnswer):
    """A question about an image with options, in a key of their own or as a list in the question.

    Example: ``{"input": {"image_file": "a.png", "question": "Which? The candidate choices are ['ozone', 'ethanol']."},
    "output": {"text": "ozone"}}``.
    """

    name = "multiple-choice-visual-question-answering"
    title = "Multiple-choice visual question answering"
    answer_format = "the letter of the right option, or its text"
    takes = frozenset({"image", "text"})
    media = "image"
    reads = "choice"
    prompt = "Answer the question about the image."
    form = "Answer with one of the choices, word for word."


class ImageCaptioning(TextAnswer):
    """A description of an image.

    Example: ``{"input": {"image_file": "a.png"}, "output": {"text": ["A dog runs.", "A running dog."]}}``.
    """

    name = "image-captioning"
    title = "Image captioning"
    answer_format = "the caption alone"
    takes = frozenset({"image", "text"})
    media = "image"
    prompt = "Describe the image in one sentence."
    form = "Answer with the description alone."


class ImageToText(TextAnswer):
    """The text, code or formula that an image shows.

    Example: ``{"input": {"image_file": "a.png", "prompt": "Read the text."}, "output": {"text": "STOP"}}``.
    """

    name = "image-to-text"
    title = "Image to text"
    answer_format = "the text alone"
    takes = frozenset({"image", "text"})
    media = "image"
    prompt = "Write down what the image says."
    form = "Answer with the text alone."


class ImageCounting(TextAnswer):
    """How many of something an image shows.

    Example: ``{"input": {"image_file": "a.png", "prompt": "How many birds?"}, "output": {"text": 12}}``.
    """

    name = "image-counting"
    title = "Counting in images"
    writes = "number"
    answer_format = "a number, in digits or words"
    takes = frozenset({"image", "text"})
    media = "image"
    reads = "number"
    prompt = "Count the objects in the image."
    form = "Answer with a number alone."
    keys = ("count", "number")

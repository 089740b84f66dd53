"""Names of tasks as people, files and folders write them, brought to one form.

Two forms: the plain key drops case and everything that is no letter or digit, so that ``BirdDetection``, ``bird_detection``
and ``Bird Detection`` are one. The words undo abbreviations, misprints, plurals and the like, so that ``chemistry_vqa`` is
``Chemistry Visual Question Answering``.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PARENTHESES: Final = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")

# Written out; one word may stand for several. Abbreviations are those of the catalog's short names.
_SPELLED: Final[dict[str, str]] = {
    "vqa": "visual question answering",
    "docvqa": "document visual question answering",
    "qa": "question answering",
    "mcqa": "question answering",
    "ner": "named entity recognition",
    "nli": "natural language inference",
    "absa": "aspect based sentiment analysis",
    "t2v": "text to video",
    "i2v": "image to video",
    "tts": "text to speech",
    "det": "detection",
    "detect": "detection",
    "recog": "recognition",
    "reg": "recognition",
    "recong": "recognition",
    "cls": "classification",
    "classify": "classification",
    "seg": "segmentation",
    "cap": "captioning",
    "caption": "captioning",
    "gen": "generation",
    "est": "estimation",
    "extract": "extraction",
    "trans": "translation",
    "summ": "summarization",
    "track": "tracking",
    "doc": "document",
    "dialog": "dialogue",
    "multilingual": "multi lingual",
    "multilang": "multi lingual",
    # Misprints and British spelling.
    "recongition": "recognition",
    "recogniton": "recognition",
    "recogntion": "recognition",
    "detecion": "detection",
    "dection": "detection",
    "classifcation": "classification",
    "classificaiton": "classification",
    "segmentaion": "segmentation",
    "segementation": "segmentation",
    "geneation": "generation",
    "generaiton": "generation",
    "reasning": "reasoning",
    "reasonning": "reasoning",
    "planing": "planning",
    "baesd": "based",
    "vechicle": "vehicle",
    "imaghe": "image",
    "lmage": "image",
    "externel": "external",
    "datebase": "database",
    "aplicance": "appliance",
    "crowed": "crowd",
    "mogolian": "mongolian",
    "labelling": "labeling",
    "colour": "color",
    "summarisation": "summarization",
    "colorisation": "colorization",
    "stylised": "stylized",
}

FILLER: Final = frozenset(
    {"mcq", "task", "dataset", "benchmark", "openset", "closeset", "closed", "test", "annotation", "annotations", "id"}
    | {"v1", "v2", "v3", "the", "of", "and", "for", "in", "a"}
)
"""Words that tell no two tasks apart: a name may have more of them than the task's."""

GENERIC: Final = frozenset(
    {
        "reasoning",
        "resolution",
        "recognition",
        "detection",
        "classification",
        "identification",
        "generation",
        "estimation",
    }
    | {"segmentation", "extraction", "captioning", "analysis", "answering", "question", "prediction", "task", "dataset"}
)
"""Words for the kind of task: a name may lack them, if only one task then fits."""


def plain(name: str) -> str:
    """Letters and digits only, lower case; a plus sign is a word (RefCOCO and RefCOCO+ are two)."""
    return "".join(_WORD.findall(_normal(name).casefold()))


def _normal(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace("+", " plus ")


def without_parentheses(name: str) -> str:
    """The name without remarks in round or square brackets."""
    return _PARENTHESES.sub("", unicodedata.normalize("NFKC", name)).strip()


@lru_cache(maxsize=8192)
def words(name: str) -> tuple[str, ...]:
    """The name's words in order: split at case changes and separators, spelled out, without plural."""
    text = _CAMEL.sub(" ", _normal(name))
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        spelled = _SPELLED.get(word)
        found.extend(spelled.split() if spelled else [word])
    return tuple(_stem(word) for word in found)


def _stem(word: str) -> str:
    if word.endswith("ionid"):  # "Dialogue_Generationid": the column's name stuck to the task's
        word = word[:-2]
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def spelled(name: str) -> str:
    """All words as one key, filler words left out."""
    return "".join(word for word in words(name) if word not in FILLER)

"""Sets in XML: aspects of reviews (SemEval-2014 task 4), events of ACE 2005."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from genlevel.datasets.public.base import Item, Reader
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.language.base import Maker, Raw, below, made_items, whole_text
from genlevel.datasets.public.language.makers import extracted
from genlevel.errors import DataError, RecordError

__all__ = ["ACE_2005", "MAKERS", "SEMEVAL_14", "xml_root"]

MAKERS: Final[dict[str, Maker]] = {
    "ace-2005": extracted(
        'Name every event as "word that names it (Type:Subtype)", such as "fired (Conflict:Attack)", in a JSON list of texts; '
        "[] if there is none."
    ),
    "semeval-14": extracted(
        'Name every aspect that the sentence judges as "(aspect, polarity)", the polarity positive, negative, neutral or '
        "conflict, in a JSON list of texts; [] if there is none."
    ),
}
_TAG: Final = re.compile(r"<[^<>]{1,2000}>")
_REVIEWS: Final = ("Restaurants_Test_Gold.xml", "Laptops_Test_Gold.xml")


def xml_root(path: Path) -> ElementTree.Element:
    """The root of an XML file. Entities of its own, which could grow without end or lead elsewhere, are refused.

    Raises:
        DataError: no XML, or one with entities of its own.
    """
    content = whole_text(path)
    if "<!ENTITY" in content:
        raise DataError(f"{path}: declares entities of its own, which no data set does; it is not read")
    try:
        return ElementTree.fromstring(re.sub(r"\A\s*<\?xml[^>]*\?>", "", content))  # noqa: S314
    except ElementTree.ParseError as error:
        raise DataError(f"{path}: no XML ({error})") from None
    except RecursionError:
        raise DataError(f"{path}: the XML is nested too deeply") from None


@dataclass(frozen=True)
class _Reviews(Reader):
    """Sentences of reviews with the terms that they judge."""

    layout: str = "\n".join(_REVIEWS) + "  (either may be missing)"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The files with the right answers."""
        places = ("", "ABSA_Gold_TestData/", "test/")
        found = [folder.path_of(*(f"{place}{name}" for place in places)) for name in _REVIEWS]
        if not any(found):
            raise DataError(f"has no {' or '.join(_REVIEWS)}")
        return tuple(path for path in found if path is not None)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One sample a sentence."""
        for path in labels:
            for at, sentence in enumerate(xml_root(path).iter("sentence")):
                terms = [(t.get("term"), t.get("polarity")) for t in sentence.iter("aspectTerm")]
                if any(not term or not polarity for term, polarity in terms):
                    yield RecordError(
                        f"{path}, sentence {at}: an aspect without term or polarity (is it the file with the answers?)"
                    )
                    continue
                key = sentence.get("id") or str(at)
                raw = {"text": sentence.findtext("text") or "", "labels": [f"({t}, {p})" for t, p in terms]}
                yield from made_items((f"{path.name}, sentence {key}", f"{path.stem}:{key}", raw), MAKERS["semeval-14"])


SEMEVAL_14: Final = _Reviews()


@dataclass(frozen=True)
class _Ace(Reader):
    """Documents in English with their events."""

    layout: str = (
        "data/English/nw/timex2norm/AFP_ENG_20030304.0250.apf.xml\ndata/English/nw/timex2norm/AFP_ENG_20030304.0250.sgm"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The annotation of every document."""
        for place in ("data/English", "English", "ace_2005_td_v7/data/English", ""):
            found = below(folder, place, ".apf.xml") if not place or folder.find(place) is not None else ()
            # The same document lies in one folder for each step of its annotation: the last one counts.
            last = [p for p in found if p.parent.name == "timex2norm"] or list(found)
            if last:
                return tuple(last)
        raise DataError("has no *.apf.xml in data/English")

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One sample a document."""
        for path in labels:
            try:
                raw = _document(path)
            except DataError as error:
                yield RecordError(str(error))
            else:
                yield from made_items(raw, MAKERS["ace-2005"])


def _document(path: Path) -> Raw:
    source = path.with_name(path.name.removesuffix(".apf.xml") + ".sgm")
    content = " ".join(unescape(_TAG.sub(" ", whole_text(source))).split())
    root = xml_root(path)
    labels = []
    for event in root.iter("event"):
        kind = f"{event.get('TYPE')}:{event.get('SUBTYPE')}"
        for mention in event.iter("event_mention"):
            word = " ".join((mention.findtext("anchor/charseq") or "").split())
            if not word:
                raise DataError(f"{path}: an event without the word that names it")
            labels.append(f"{word} ({kind})")
    key = path.name.removesuffix(".apf.xml")
    return path.name, key, {"text": content, "labels": labels}


ACE_2005: Final = _Ace()

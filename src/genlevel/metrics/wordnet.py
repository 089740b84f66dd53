"""Synonyms from a WordNet 3.0 database folder, for METEOR."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from genlevel.errors import NotScorable

_FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
# How an inflected form may become a dictionary form: WordNet's own detachment rules.
_ENDINGS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "n": (("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"),
          ("ies", "y")),
    "v": (("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")),
    "a": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "r": (),
}  # fmt: skip


class WordNet:
    """Reads ``index.noun``, ``data.noun``, ``noun.exc`` and the like from ``folder``.

    Raises:
        NotScorable: a file is missing or is not WordNet's; it says where the data can be had.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._offsets = {pos: _read_index(folder / f"index.{name}") for pos, name in _FILES.items()}
            self._exceptions = {pos: _read_exceptions(folder / f"{name}.exc") for pos, name in _FILES.items()}
            self._data = {pos: (folder / f"data.{name}").read_bytes() for pos, name in _FILES.items()}
        except (OSError, ValueError, IndexError) as error:
            raise NotScorable(
                f"no WordNet database in {folder} ({error}); it holds index.noun, data.noun, noun.exc and the like, "
                "from wordnet.princeton.edu or Debian's wordnet-base"
            ) from None
        self.synonyms = lru_cache(65536)(self._synonyms)

    def _synonyms(self, word: str) -> frozenset[str]:
        """All single words in the synsets of ``word`` and of the forms it is inflected from, and ``word`` itself."""
        found = {word}
        word = word.lower()
        for pos, offsets in self._offsets.items():
            for form in self._base_forms(word, pos):
                for offset in offsets.get(form, ()):
                    found.update(self._lemmas(pos, offset))
        return frozenset(found)

    def _base_forms(self, word: str, pos: str) -> list[str]:
        forms = self._exceptions[pos].get(word)
        if forms is None:
            forms = [word[: -len(old)] + new for old, new in _ENDINGS[pos] if word.endswith(old)]
        return [word, *forms]

    def _lemmas(self, pos: str, offset: int) -> list[str]:
        data = self._data[pos]
        fields = data[offset : data.index(b"\n", offset)].decode("latin-1").split(" ")
        words = fields[4 : 4 + 2 * int(fields[3], 16) : 2]
        # An adjective may carry where it stands, as in "galore(ip)".
        return [lemma for lemma in (word.split("(")[0] for word in words) if "_" not in lemma]


def _read_index(path: Path) -> dict[str, tuple[int, ...]]:
    table = {}
    for line in path.read_text("latin-1").splitlines():
        if line.startswith(" "):
            continue  # the licence
        fields = line.split()
        table[fields[0]] = tuple(map(int, fields[len(fields) - int(fields[2]) :]))
    return table


def _read_exceptions(path: Path) -> dict[str, list[str]]:
    return {fields[0]: fields[1:] for fields in map(str.split, path.read_text("latin-1").splitlines()) if fields}


@cache
def open_wordnet(folder: str) -> WordNet:
    """The database in ``folder``, read once."""
    return WordNet(Path(folder))

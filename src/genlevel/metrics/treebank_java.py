"""COCO's caption tokens as everybody prints them: Stanford's PTBTokenizer 3.4.1 in Java and the filter that follows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from genlevel.errors import NotScorable
from genlevel.metrics.java import ENCODING, find_file, java_command, run_java

JAR = "stanford-corenlp-3.4.1.jar"
_MAIN = "edu.stanford.nlp.process.PTBTokenizer"
_SECONDS = 3600.0
# The filter names brackets in upper case, but the tokens are in lower case, so that brackets stay in: so does COCO's.
PUNCTUATION = frozenset(
    ["''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-", "--", "...", ";"]
)


def words_by_java(texts: Sequence[str], java: str = "java") -> Callable[[str], list[str]]:
    """From each of ``texts`` to its tokens, all cut by one run of Java.

    Raises:
        NotScorable: if the jar or Java is not at hand, or it fails.
    """
    jar = find_file("", JAR, f"tokenizer/{JAR}", "COCO's tokeniser", "nlp.stanford.edu/software")
    # One line a text: what would end a line is a space, as COCO makes it of the line feed.
    distinct = list(dict.fromkeys(texts))
    lines = [" ".join(text.splitlines()) for text in distinct]
    command = [java_command(java), *ENCODING, "-cp", str(jar), _MAIN, "-preserveLines", "-lowerCase"]
    printed = run_java(
        command,
        title="COCO's tokeniser",
        folder=jar.parent,
        text="".join(f"{line}\n" for line in lines),
        seconds=_SECONDS,
    )
    found = printed.split("\n")[: len(lines)]
    if len(found) != len(lines):
        raise NotScorable(f"COCO's tokeniser gave {len(found)} lines for {len(lines)}")
    kept = [[word for word in line.rstrip().split(" ") if word and word not in PUNCTUATION] for line in found]
    return dict(zip(distinct, kept, strict=True)).__getitem__

"""Programs in Java that some metrics of captions are defined by: finding their files and running them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from abc import abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.base import Metric
from genlevel.metrics.learned.weights import ENVIRONMENT

# METEOR and SPICE read and write in the platform's encoding unless told otherwise.
ENCODING = ("-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8")
_SECONDS = 3600.0


class JavaMetric(Metric):
    """A metric that is defined by a Java program, which may take ``seconds`` for a batch."""

    seconds: float

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise MetricError(f"{self.name}: seconds={self.seconds}, but it must be above 0")

    @abstractmethod
    def installed(self) -> Path:
        """The program's file.

        Raises:
            NotScorable: in one line, what of the program, its files or Java is not here.
        """

    def lacks(self) -> str:
        """What is not here, in one line; empty where all is."""
        try:
            self.installed()
        except NotScorable as error:
            return str(error)
        return ""


def find_file(given: str, file: str, bundled: str, title: str, published: str) -> Path:
    """A file by ``given``, else by its name in the folder of weights, else inside an installed pycocoevalcap.

    Args:
        given: a path, or empty.
        file: its name below the folder that ``GENLEVEL_WEIGHTS`` names.
        bundled: its place inside the package pycocoevalcap.
        title: what it is.
        published: where it is published beside that package.

    Raises:
        NotScorable: in one line, where it can be had and where to put it.
    """
    folder = os.environ.get(ENVIRONMENT, "")
    places = [Path(given)] if given else [Path(folder, file)] if folder else []
    package = None if given else find_spec("pycocoevalcap")
    places += [Path(root, bundled) for root in (package.submodule_search_locations or () if package else ())]
    for place in places:
        if place.is_file():
            return place.resolve()
    where = f"{given} does not exist" if given else "it is in neither"
    raise NotScorable(
        f"needs {title}: {Path(file).name} of the package pycocoevalcap (or {published}); pip install pycocoevalcap, put it "
        f"into the folder that {ENVIRONMENT} names, or give jar=PATH ({where})"
    )


def java_command(java: str) -> str:
    """``java``, if there is such a command.

    Raises:
        NotScorable: if not.
    """
    if shutil.which(java) is None:
        raise NotScorable(f"needs Java: the command '{java}' is not found; install a Java runtime or set java=PATH")
    return java


@lru_cache(maxsize=8)
def java_version(java: str) -> int:
    """The main number of a Java: 8, 11, 17.

    Raises:
        NotScorable: if the command says none.
    """
    try:
        done = subprocess.run([java, "-version"], capture_output=True, timeout=60, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise NotScorable(f"'{java} -version' fails ({str(error)[:100]}); set java=PATH") from None
    found = re.search(rb'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    if found is None:
        raise NotScorable(f"'{java} -version' names no version; set java=PATH to a Java")
    return int(found[1])


def run_java(command: Sequence[str], *, title: str, folder: Path, text: str = "", seconds: float = _SECONDS) -> str:
    """What a program prints, given ``text`` on its standard input, run in ``folder``.

    Raises:
        NotScorable: in one line, if it fails, takes longer than ``seconds`` or prints something else than UTF-8.
    """
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, input=text.encode("utf-8", "replace"), capture_output=True, timeout=seconds, check=True
        )
        return done.stdout.decode("utf-8")
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().splitlines()
        # The first line that names an exception, rather than the last of its trace.
        why = next((line for line in said if "Error" in line or "Exception" in line), " ".join(said[-1:]))
        raise NotScorable(f"{title} failed ({why.strip()[:200]})") from None
    except subprocess.TimeoutExpired:
        raise NotScorable(f"{title} took longer than {seconds:.0f} s and was stopped") from None
    except (OSError, UnicodeDecodeError) as error:
        raise NotScorable(f"{title} gave no result ({str(error)[:200]})") from None

"""What a part is given: where to work, how much time is left, and where numbers go."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LENGTH = 300


@dataclass(frozen=True)
class Bench:
    """One part's place and time. Lines go to ``log`` at once, so that a part that is stopped keeps what it has found."""

    part: str
    device: str
    tiny: bool
    folder: Path
    log: Path
    until: float

    @property
    def cuda(self) -> bool:
        return self.device.startswith("cuda")

    def size(self, large: int, small: int) -> int:
        """A number for the GPU, and the one for going through the lines."""
        return small if self.tiny else large

    def row(self, what: str, **values: Any) -> None:
        """A line of the table: names with numbers or words."""
        line = {"part": self.part, "what": what, **values}
        with self.log.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(shown(line), flush=True)

    def step(self, what: str, work: Callable[[], Mapping[str, Any] | None]) -> None:
        """Do something whose failure is a line, and leave it out where time is up. What it gives is its line."""
        if time.monotonic() > self.until:
            self.row(what, left_out="no time is left")
            return
        start = time.monotonic()
        try:
            found = work()
        except Exception as error:
            self.row(what, failed=reason(error))
        else:
            if found is not None:
                self.row(what, **found, took_s=round(time.monotonic() - start, 1))

    def synchronize(self) -> None:
        """Wait for the device."""
        if self.cuda:
            import torch

            torch.cuda.synchronize()


@contextmanager
def convolutions(exact: bool) -> Iterator[None]:
    """Convolutions on a GPU with all digits of float32, or with inputs rounded to 10 bits (TF32), torch's default."""
    import torch

    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = not exact
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def reason(error: BaseException) -> str:
    """An error in a line, with the place where it arose."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}: {' '.join(str(error).split())[:LENGTH]} ({place})"


def shown(line: Mapping[str, Any]) -> str:
    """A line of the table."""
    values = "   ".join(
        f"{name}={_number(value)}" for name, value in line.items() if name not in ("part", "what") and value is not None
    )
    return f"{line['part']:12}{line['what']:44}{values}"


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

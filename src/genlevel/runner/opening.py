"""How a run begins: where all that was asked first failed for one reason, asking on would only use up samples and money."""

from __future__ import annotations

import re

# Numbers and ids of requests differ from one message to the next.
_VARIES = re.compile(r"\S*\d\S*")


class Opening:
    """Over with the first answer, or with the first failure for another reason than the one before."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._failures = 0
        self._reason = ""
        self.over = False

    def failed(self, error: str) -> bool:
        """Count a failure; whether as many as there may be have failed now, all for one reason."""
        reason = _VARIES.sub("#", error)
        if self._failures and reason != self._reason:
            self.over = True
        self._reason = reason
        self._failures += 1
        return not self.over and self._failures == self._most

"""How many requests to keep in flight, found while running: more as long as more are answered in a second."""

from __future__ import annotations

from typing import Final

_START: Final = 16
_GAIN: Final = 0.3
"""A larger limit has to bring this share of what it would bring if no request waited for another."""
_CUT: Final = 0.7
_ROUND_SECONDS: Final = 0.05
_TRIAL_ROUNDS: Final = 4
"""So many times the answers of a round are looked at for a small step, whose gain is small too."""
_TRY_EVERY: Final = 10
_MOST_ROUNDS: Final = 640
_REST_ROUNDS: Final = 3
_CHANCES: Final = 2
"""A doubling may be in vain once by chance, as when the machine was busy with something else."""


class Adaptive:
    """A limit that doubles at first and then tries a quarter more now and then; errors and refusals cut it.

    A round is as many answers as there are requests in flight. A larger limit is kept if its round brought clearly more answers
    in a second than the rounds before it: where a server only makes requests wait, it brings none.
    """

    def __init__(self, most: int, start: int = _START) -> None:
        self.most = most
        self.limit = min(start, most)
        self._before = 0
        """The limit to go back to if this round brings too little; 0 if it is no trial."""
        self._rate = 0.0
        self._chances = _CHANCES
        self._rest = 0
        self._pause = _TRY_EVERY
        self._began = 0.0
        self._done = 0
        self._pressed = False

    def answered(self, now: float, pressed: bool) -> None:
        """A request is through at ``now`` (seconds); ``pressed`` if the server failed or turned a try away."""
        if not self._began:
            self._began = now
            return
        self._done += 1
        self._pressed |= pressed
        wanted = self.limit * (_TRIAL_ROUNDS if self._before and not self._doubling else 1)
        if self._done >= wanted and now - self._began >= _ROUND_SECONDS:
            self._close_round(self._done / (now - self._began))
            self._began, self._done, self._pressed = now, 0, False

    @property
    def _doubling(self) -> bool:
        return self._chances > 0

    def _close_round(self, rate: float) -> None:
        if self._pressed:
            self.limit = max(1, int(self.limit * _CUT))
            self._chances, self._before, self._rate, self._rest = 0, 0, 0.0, _REST_ROUNDS
            return
        if self._before and rate < self._rate * (1 + _GAIN * (self.limit / self._before - 1)):
            self.limit, self._before = self._before, 0
            self._chances -= 1
            if self._doubling:
                self._rest = _REST_ROUNDS
            else:
                # Each trial in vain makes the next one rarer, so that chance does not carry the limit away in a long run.
                self._rest, self._pause = self._pause, min(2 * self._pause, _MOST_ROUNDS)
            return
        if self._before:
            self._pause = _TRY_EVERY
        # Where the work itself changes, the rate that a trial is compared with has to follow.
        self._rate = rate if self._before or not self._rate else 0.7 * self._rate + 0.3 * rate
        self._before = 0
        self._rest -= 1
        if self._rest <= 0 and self.limit < self.most:
            self._before = self.limit
            self.limit = min(self.most, self.limit * 2 if self._doubling else self.limit + max(1, self.limit // 4))

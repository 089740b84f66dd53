"""What a run may use: requests and tokens in a minute, and dollars."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from genlevel.records import Reply, Request, Usage
from genlevel.runner.asking import UNPAID, Failure

_MEDIUM_TOKENS: Final = 1000
_SILENT: Final = 3


class Pace:
    """At most so many requests and tokens a minute, evenly spread; 0 for no limit.

    Tokens are known only afterwards: a request is counted with the mean of those before it, and put right when it is answered.
    """

    def __init__(self, requests: float, tokens: float) -> None:
        self._request_seconds = 60.0 / requests if requests else 0.0
        self._token_seconds = 60.0 / tokens if tokens else 0.0
        self._next_request = self._next_token = 0.0
        self._tokens = self._answers = 0

    @property
    def free(self) -> bool:
        """Whether there is nothing to wait for, ever."""
        return not (self._request_seconds or self._token_seconds)

    async def wait(self, requests: Sequence[Request]) -> int:
        """Wait for these requests' turn; how many tokens they were counted with."""
        now = asyncio.get_running_loop().time()
        expected = sum(map(self._expected, requests)) if self._token_seconds else 0
        start = max(now, self._next_request, self._next_token)
        self._next_request = max(now, self._next_request) + self._request_seconds * len(requests)
        self._next_token = max(now, self._next_token) + self._token_seconds * expected
        if start > now:
            await asyncio.sleep(start - now)
        return expected

    def used(self, usages: Sequence[Usage], more_tries: int, expected: int) -> None:
        """What these requests used in the end; tries beyond the first of each are requests too."""
        tokens = sum(usage.input_tokens + usage.output_tokens for usage in usages)
        if tokens:
            self._tokens += tokens
            self._answers += len(usages)
        self._next_token += self._token_seconds * (tokens - expected)
        self._next_request += self._request_seconds * more_tries

    def _expected(self, request: Request) -> int:
        if self._answers:
            return -(-self._tokens // self._answers)
        return sum(len(part.text) // 4 + 1 if part.kind == "text" else _MEDIUM_TOKENS for part in request.parts)


class Budget:
    """At most so many dollars: no request starts that, with those in flight, would exceed them at the mean cost so far.

    Until a first cost is known, of an answer or of a failure that is paid for, one request is in flight at a time.
    """

    def __init__(self, dollars: float) -> None:
        self.dollars = dollars
        self.spent = 0.0
        self._answers = self._in_flight = 0
        self._changed = asyncio.Event()

    @property
    def silent(self) -> bool:
        """Whether the model's answers seem to report no cost at all."""
        return self._answers >= _SILENT and not self.spent

    async def admit(self, count: int) -> int:
        """Wait until a request more fits in; how many of ``count`` do, 0 if none ever will."""
        while not (fitting := min(count, self._room())):
            if not self._in_flight:
                return 0
            self._changed.clear()
            await self._changed.wait()
        self._in_flight += fitting
        return fitting

    def settle(self, usages: Sequence[Usage], count: int) -> None:
        """``count`` requests are through, with these usages of those that were answered or paid for."""
        self._in_flight -= count
        self.spent += sum(usage.cost for usage in usages)
        self._answers += len(usages)
        self._changed.set()

    def _room(self) -> int:
        """How many requests more fit in now."""
        if not self.spent:
            return 0 if self._in_flight else 1
        mean = self.spent / self._answers
        return max(0, int((self.dollars * (1 + 1e-9) - self.spent) / mean) - self._in_flight)


@dataclass
class Limits:
    """Pace and budget together."""

    pace: Pace
    budget: Budget | None
    cost: float = 0.0
    """US dollars spent, whether or not there is a budget."""

    @property
    def spent(self) -> str:
        """That the budget is used up, in words."""
        assert self.budget is not None, "without a budget nothing is used up"
        return f"stopped at ${self.budget.spent:.4g} spent, so as not to exceed --max-cost {self.budget.dollars:g}"

    @property
    def silent(self) -> bool:
        """Whether there is a budget, but answers report no cost."""
        return self.budget is not None and self.budget.silent

    async def admit(self, requests: Sequence[Request]) -> tuple[int, int]:
        """Wait for the turn of the first of these requests.

        Returns:
            How many of them may be asked now (0 if the budget has no room for any), and the tokens that they are counted with.
        """
        count = len(requests) if self.budget is None else await self.budget.admit(len(requests))
        return count, 0 if self.pace.free or not count else await self.pace.wait(requests[:count])

    def settle(self, count: int, expected: int, replies: Sequence[Reply | Failure]) -> None:
        """So many requests, which were counted with so many tokens, are through, with these replies."""
        usages = [reply.usage for reply in replies if isinstance(reply, Reply) or reply.usage != UNPAID]
        for usage in usages:
            self.cost += usage.cost
        if self.budget is not None:
            self.budget.settle(usages, count)
        if not self.pace.free:
            more = sum(max(0, reply.attempts - 1) for reply in replies)
            self.pace.used(usages, more, expected)

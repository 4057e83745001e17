"""What the next step of a run may do by the money and the tokens that are left, so that an answer can still be paid."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from groq_core.events import EndReason
from groq_core.services.agent.run_limits import Price

ANSWER_TOKENS: Final = 600
"""Tokens that are kept for the answer where money or tokens run out, and as many for what tools give before it."""

FEWEST_TOKENS: Final = 64
"""Of an answer that is worth being asked for."""

FEWEST_TO_THINK: Final = 256
"""Of a step that is worth being offered tools: a model that thinks writes as much before a short call or answer."""

LONGEST_PROMPT: Final = 2_000_000
"""Tokens; no model takes more."""


def at_most(estimate: int) -> int:
    """On the safe side: tokens that are estimated may be half as many again."""
    return estimate * 3 // 2


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    What the next step may do.

    Attributes:
        last: It must be the answer.
        over: There is no room even for that.
        max_tokens: Of what it writes; None leaves it as it is.
        limit: What narrows it; ``answered`` where nothing does.
    """

    last: bool = False
    over: bool = False
    max_tokens: int | None = None
    limit: EndReason = "answered"

    @property
    def freedom(self) -> tuple[bool, float]:
        """How much may be done, to be compared: tools are more than any number of tokens."""
        tokens = math.inf if self.max_tokens is None else self.max_tokens
        return not self.last, -1 if self.over else tokens


OPEN: Final = Outlook()


@dataclass(frozen=True, slots=True)
class Priced:
    """
    Money that is left, or tokens, and what a step takes of it.

    Attributes:
        price: From tokens of the prompt and of the answer to what they take; None where nobody knows.
        most: Tokens a step may write.
        limit: How a run ends that has nothing left.
    """

    left: float
    price: Price
    most: int
    limit: EndReason

    def ahead(self, prompt: int) -> Outlook:
        """A step with tools gets all but what an answer after it takes, unless that is too little to call one."""
        tokens = self._affordable(lambda written: self._with_an_answer(prompt, written))
        if tokens >= self.most:
            return OPEN
        return Outlook(max_tokens=tokens, limit=self.limit) if tokens >= FEWEST_TO_THINK else self.last(prompt)

    def last(self, prompt: int) -> Outlook:
        """Nothing comes after it, so it may take everything."""
        tokens = self._affordable(lambda written: self.price(prompt, written))
        if tokens >= self.most:
            return Outlook(last=True, limit=self.limit)
        over = tokens < min(FEWEST_TOKENS, self.most)
        return Outlook(last=True, over=over, max_tokens=max(0, tokens), limit=self.limit)

    def longest_prompt(self) -> int:
        """Tokens a prompt may have whose answer can be paid."""
        answer = min(ANSWER_TOKENS, self.most)
        return max(0, self._affordable(lambda prompt: self.price(prompt, answer), LONGEST_PROMPT))

    def _with_an_answer(self, prompt: int, written: int) -> float | None:
        answer = min(ANSWER_TOKENS, self.most)
        step, after = self.price(prompt, written), self.price(prompt + at_most(written) + ANSWER_TOKENS, answer)
        return None if step is None or after is None else step + after

    def _affordable(self, cost: Callable[[int], float | None], most: int | None = None) -> int:
        """Tokens whose cost is not above what is left; -1 where not even none can be paid."""
        low, high = -1, self.most if most is None else most
        while low < high:
            middle = (low + high + 1) // 2
            spent = cost(middle)
            low, high = (middle, high) if spent is not None and spent <= self.left else (low, middle - 1)
        return low


@dataclass(frozen=True, slots=True)
class Unpriced:
    """
    Money that is left where nobody knows what a step takes: as much as the dearest so far.

    Attributes:
        unknown: A step has cost what nobody knows, so nothing can be promised any more.
    """

    left: float
    dearest: float
    unknown: bool
    limit: EndReason = "money_limit"

    def ahead(self, prompt: int) -> Outlook:
        return self.last(prompt) if self._over or self.left < 2 * self.dearest else OPEN

    def last(self, prompt: int) -> Outlook:
        return Outlook(last=True, over=self._over, limit=self.limit)

    def longest_prompt(self) -> int:
        return LONGEST_PROMPT

    @property
    def _over(self) -> bool:
        return self.unknown or self.left < self.dearest or self.left <= 0


Budget: TypeAlias = Priced | Unpriced


def look_ahead(budgets: Sequence[Budget], prompt: int) -> Outlook:
    """What a step may do by all of them."""
    least = min((one.ahead(prompt) for one in budgets), key=lambda one: one.freedom, default=OPEN)
    if not least.last:
        return least
    # The others may leave less for an answer, though they would have allowed tools.
    answer = look_at_last(budgets, prompt)
    return answer if answer.over else replace(answer, limit=least.limit)


def look_at_last(budgets: Sequence[Budget], prompt: int) -> Outlook:
    """What an answer that nothing comes after may have by all of them."""
    return min((one.last(prompt) for one in budgets), key=lambda one: one.freedom, default=Outlook(last=True))

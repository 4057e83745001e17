"""One run on its way: its state, its clock, and what it may still use; looked ahead before each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from groq_core.events import EndReason, ToolCall
from groq_core.reply import Reply
from groq_core.requests import Message, estimate_tokens
from groq_core.services.agent.outlooks import (
    FEWEST_TO_THINK,
    Budget,
    Outlook,
    Priced,
    Unpriced,
    at_most,
    look_ahead,
    look_at_last,
)
from groq_core.services.agent.paused_run import RunState

if TYPE_CHECKING:
    from groq_core.services.agent.agent import Agent

MOST_REPEATS: Final = 6
"""Times it is called all the same before it must answer."""

FRAME_TOKENS: Final = 200
"""What a provider's template adds to a prompt."""


class Course:
    """
    One run on its way: what it has, what it may still use, and what it has used.

    Attributes:
        words: Approvals that somebody has given or refused, by their ids.
        bare: It called tools where it was to answer, so none are offered any more.
        cut: The limit for whose sake a step was cut off before it had called or answered.
        ids: Of all calls of the conversation.
    """

    def __init__(self, agent: Agent, state: RunState, words: Mapping[str, bool]) -> None:
        self.agent = agent
        self.state = state
        self.words = dict(words)
        self.limits = agent.limits
        self.started = agent.clock() - state.elapsed_s
        self.waited_s = 0.0
        self.bare = False
        self.cut: EndReason | None = None
        self.ids = set(state.ids)

    @property
    def elapsed_s(self) -> float:
        return self.agent.clock() - self.started - self.waited_s

    @property
    def remaining_s(self) -> float:
        return self.limits.seconds - self.elapsed_s

    def ahead(self) -> Outlook:
        """What the next step may do."""
        if (over := self._over()) is not None:
            return over
        budgets = self._budgets()
        prompt = self.prompt_tokens() if budgets else 0
        found = look_ahead(budgets, prompt)
        if not found.last and (limit := self._must_answer()) is not None:
            return replace(look_at_last(budgets, prompt), limit=limit)
        return found

    def once_more(self, messages: Sequence[Message]) -> Outlook:
        """What one further question about the answer may write, without tools."""
        return self._over() or look_at_last(self._budgets(), prompt_tokens(messages))

    def shortage(self, ahead: Outlook) -> int | None:
        """
        Tokens a prompt may have so that its answer can be paid, where there is no answer now, or one of few words.

        Returns:
            None where there is room enough.
        """
        budgets = self._budgets()
        if not budgets or ahead.max_tokens is None or ahead.max_tokens >= min(FEWEST_TO_THINK, self.most_out):
            return None
        return max(0, min(one.longest_prompt() for one in budgets) - FRAME_TOKENS) * 2 // 3

    def _over(self) -> Outlook | None:
        """There are no more steps, or there is no more time."""
        if self.state.step >= self.limits.steps:
            return Outlook(last=True, over=True, limit="step_limit")
        if self.remaining_s <= 0:
            return Outlook(last=True, over=True, limit="time_limit")
        return None

    def _must_answer(self) -> EndReason | None:
        """The limit for which the next step must be the answer, though it could be paid to call tools."""
        if self.remaining_s <= self.limits.answer_s:
            return "time_limit"
        repeated = max(self.state.repeats.values(), default=0) >= MOST_REPEATS
        if self.bare or repeated or self.state.step + 1 >= self.limits.steps:
            return "step_limit"
        return self.cut

    def _budgets(self) -> list[Budget]:
        """What is left of the money and of the tokens, where they are bounded."""
        state, limits, price = self.state, self.limits, self.agent.price
        found: list[Budget] = []
        if limits.usd is not None:
            left = limits.usd - (state.cost_usd or 0.0) - state.guessed_usd
            found.append(
                Priced(left, price, self.most_out, "money_limit")
                if price is not None
                else Unpriced(left, state.dearest_usd, state.unpriced)
            )
        if limits.tokens is not None:
            left = limits.tokens - state.tokens
            found.append(Priced(left, lambda prompt, answer: float(prompt + answer), self.most_out, "token_limit"))
        return found

    @property
    def bounded(self) -> bool:
        """Its money or its tokens are bounded."""
        return self.limits.usd is not None or self.limits.tokens is not None

    @property
    def most_out(self) -> int:
        """Tokens a step may write."""
        most = self.agent.params.get("max_completion_tokens")
        return most if isinstance(most, int) else 4096

    def prompt_tokens(self) -> int:
        """Of the next prompt, at most."""
        return prompt_tokens([self.state.messages, self.offer()])

    def pay(self, reply: Reply, prompt: int) -> None:
        """
        Take what an answer cost into account. What nobody has counted is estimated, since the bounds hold for it too:
        an answer of a server that tells no usage, one that was broken off, and those that broke before it.

        Args:
            prompt: Tokens of what was asked, at most.
        """
        receipt, usage = reply.receipt, reply.finished.usage if reply.finished else None
        free = receipt.cache == "hit" or receipt.degraded
        uncounted = [(prompt, one.tokens_out) for one in receipt.attempts if one.outcome == "failed" and one.tokens_out]
        if usage is None and not free and _was_asked(reply):
            uncounted.append((prompt, _tokens_said(reply)))
        self.state.tokens += sum(map(sum, uncounted))
        if usage is not None:
            self.state.tokens += usage.total_tokens or usage.prompt_tokens + usage.completion_tokens
            if receipt.cost_usd is None and not free:
                uncounted.append((usage.prompt_tokens, usage.completion_tokens))
        self._pay_usd(receipt.cost_usd, uncounted)

    def _pay_usd(self, told: float | None, unpriced: Sequence[tuple[int, int]]) -> None:
        """What is told, and what tokens may have cost that nobody has told a price of."""
        state, price = self.state, self.agent.price
        guesses = [price(*tokens) if price is not None else None for tokens in unpriced]
        guessed = sum(cost for cost in guesses if cost is not None)
        if told is not None:
            state.cost_usd = (state.cost_usd or 0.0) + told
        state.guessed_usd += guessed
        state.unpriced = state.unpriced or None in guesses
        state.dearest_usd = max(state.dearest_usd, (told or 0.0) + guessed)

    def offer(self) -> list[dict[str, Any]]:
        """The tools as they are offered to a model, in wire form."""
        return [*(one.wire for one in self.agent.tools.values()), *({"type": name} for name in self.agent.hosted)]

    def own_ids(self, calls: Iterable[ToolCall]) -> list[ToolCall]:
        """Give every call an id that is unique in the conversation; models repeat theirs, or send none."""
        found = []
        for call in calls:
            own = call.id
            if not own or own in self.ids:
                own = f"call_{self.state.step}_{len(self.ids)}"
            self.ids.add(own)
            found.append(ToolCall(id=own, name=call.name, arguments=call.arguments))
        return found


def prompt_tokens(asked: object) -> int:
    """Of a prompt, on the safe side."""
    return FRAME_TOKENS + at_most(estimate_tokens(asked))


def _was_asked(reply: Reply) -> bool:
    """Something has come, or somebody is at it."""
    said = reply.finished is not None or reply.text or reply.reasoning or reply.tool_calls
    return bool(said) or any(one.outcome == "running" for one in reply.receipt.attempts)


def _tokens_said(reply: Reply) -> int:
    calls = [one.name + one.arguments for one in reply.tool_calls]
    return at_most(estimate_tokens([reply.text, reply.reasoning, *calls]))

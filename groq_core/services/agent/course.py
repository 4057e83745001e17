"""One run on its way: its state, its clock, and what it may still use; looked ahead before each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from groq_core.events import EndReason, ToolCall
from groq_core.reply import Reply
from groq_core.requests import Message, estimate_tokens
from groq_core.services.agent.paused_run import RunState
from groq_core.services.agent.run_limits import OPEN, Outlook, outlook

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
        self.ids = set(state.ids)

    @property
    def elapsed_s(self) -> float:
        return self.agent.clock() - self.started - self.waited_s

    @property
    def remaining_s(self) -> float:
        return self.limits.seconds - self.elapsed_s

    def ahead(self) -> tuple[Outlook, EndReason]:
        """What the next step may do, and the limit that says so; ``answered`` where none does."""
        if self.state.step >= self.limits.steps:
            return Outlook(last=True, over=True), "step_limit"
        if self.remaining_s <= 0:
            return Outlook(last=True, over=True), "time_limit"
        prompt = self.prompt_tokens() if self.limits.usd is not None or self.limits.tokens is not None else 0
        narrowest = self._narrowest(prompt)
        if narrowest[0].last:
            return narrowest
        if self.remaining_s <= self.limits.answer_s:
            return Outlook(last=True), "time_limit"
        if (
            self.bare
            or self.state.step + 1 >= self.limits.steps
            or max(self.state.repeats.values(), default=0) >= MOST_REPEATS
        ):
            return Outlook(last=True), "step_limit"
        return OPEN, "answered"

    def once_more(self, messages: Sequence[Message]) -> tuple[Outlook, EndReason]:
        """What one further question about the answer may write, without tools, and the limit that forbids it."""
        prompt = prompt_tokens(messages)
        if self.state.step >= self.limits.steps:
            return Outlook(last=True, over=True), "step_limit"
        if self.remaining_s <= 0:
            return Outlook(last=True, over=True), "time_limit"
        narrowest, limit = self._narrowest(prompt)
        if narrowest.over:
            return narrowest, limit
        most = self.most_out if narrowest.max_tokens is None else narrowest.max_tokens
        return Outlook(last=True, max_tokens=min(self.most_out, most)), "answered"

    def _narrowest(self, prompt: int) -> tuple[Outlook, EndReason]:
        """Of money and tokens the one that leaves less room."""
        both: list[tuple[Outlook, EndReason]] = [
            (self._money(prompt), "money_limit"),
            (self._tokens(prompt), "token_limit"),
        ]
        return min(both, key=lambda one: (one[0].room, not one[0].last))

    def _money(self, prompt: int) -> Outlook:
        if (most := self.limits.usd) is None:
            return OPEN
        state = self.state
        left = most - (state.cost_usd or 0.0) - state.guessed_usd
        if self.agent.price is not None:
            return outlook(left, prompt, self.most_out, self.agent.price)
        if state.unpriced or left < state.dearest_usd or left <= 0:
            return Outlook(last=True, over=True)
        return Outlook(last=True) if left < 2 * state.dearest_usd else OPEN

    def _tokens(self, prompt: int) -> Outlook:
        if (most := self.limits.tokens) is None:
            return OPEN
        left = most - self.state.tokens
        return outlook(left, prompt, self.most_out, lambda prompt, out: float(prompt + out))

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
    """Of a prompt, on the safe side: an estimate may be half as much again."""
    return FRAME_TOKENS + estimate_tokens(asked) * 3 // 2


def _was_asked(reply: Reply) -> bool:
    """Something has come, or somebody is at it."""
    said = reply.finished is not None or reply.text or reply.reasoning or reply.tool_calls
    return bool(said) or any(one.outcome == "running" for one in reply.receipt.attempts)


def _tokens_said(reply: Reply) -> int:
    calls = [one.name + one.arguments for one in reply.tool_calls]
    return estimate_tokens([reply.text, reply.reasoning, *calls]) * 3 // 2

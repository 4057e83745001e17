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
        self.dearest = 0.0
        self.unpriced = False
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
        if self.state.step >= self.limits.steps + self.bare:
            return Outlook(last=True, over=True), "step_limit"
        if self.remaining_s <= 0:
            return Outlook(last=True, over=True), "time_limit"
        prompt = self._prompt_tokens() if self.limits.usd is not None or self.limits.tokens is not None else 0
        for looked, limit in ((self._money(prompt), "money_limit"), (self._tokens(prompt), "token_limit")):
            if looked.last:
                return looked, limit  # type: ignore[return-value]
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
        prompt = 200 + estimate_tokens(messages) * 3 // 2
        if self.state.step >= self.limits.steps:
            return Outlook(last=True, over=True), "step_limit"
        if self.remaining_s <= 0:
            return Outlook(last=True, over=True), "time_limit"
        money, tokens = self._money(prompt), self._tokens(prompt)
        if money.over or tokens.over:
            return Outlook(last=True, over=True), "money_limit" if money.over else "token_limit"
        most = min(one.max_tokens or self.most_out for one in (money, tokens))
        return Outlook(last=True, max_tokens=min(self.most_out, most)), "answered"

    def _money(self, prompt: int) -> Outlook:
        if (most := self.limits.usd) is None:
            return OPEN
        left = most - (self.state.cost_usd or 0.0)
        if self.agent.price is not None:
            return outlook(left, prompt, self.most_out, self.agent.price)
        if self.unpriced or left < self.dearest or left <= 0:
            return Outlook(last=True, over=True)
        return Outlook(last=True) if left < 2 * self.dearest else OPEN

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

    def _prompt_tokens(self) -> int:
        """Of the next prompt, on the safe side: an estimate may be half as much again."""
        return 200 + estimate_tokens([self.state.messages, self.offer()]) * 3 // 2

    def pay(self, reply: Reply) -> None:
        """Take what an answer cost into account."""
        if (cost := reply.receipt.cost_usd) is not None:
            self.state.cost_usd = (self.state.cost_usd or 0.0) + cost
            self.dearest = max(self.dearest, cost)
        elif reply.finished is not None and reply.receipt.cache != "hit":
            self.unpriced = True
        if reply.finished and (usage := reply.finished.usage):
            self.state.tokens += usage.total_tokens or usage.prompt_tokens + usage.completion_tokens

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

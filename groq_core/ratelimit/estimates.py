"""Guess a request's tokens, and learn from every answer how far off the guess was."""

from __future__ import annotations

from collections import OrderedDict

from groq_core.requests import Needs

DEFAULT_ANSWER_TOKENS = 1024
"""Assumed of a request that sets no maximum."""

KEPT = 500
"""Models whose factor is known; ids come from callers and could be any number."""


class Estimates:
    """
    A factor per model between our count (bytes over four) and the tokens it reports.

    The newest answer weighs a fifth, so that a model's tokenizer shows within a few answers and one odd
    prompt does not.
    """

    def __init__(self) -> None:
        self._factors: OrderedDict[str, float] = OrderedDict()

    def prompt_tokens(self, model: str, needs: Needs) -> int:
        """Tokens of the prompt, as this model is likely to count them."""
        return max(1, round(needs.prompt_tokens * self._factors.get(model, 1.0)))

    def answer_tokens(self, needs: Needs, max_output: int) -> int:
        """Tokens of the answer at most, or a usual one where the request sets no maximum."""
        wanted = needs.max_tokens or DEFAULT_ANSWER_TOKENS
        return min(wanted, max_output) if max_output else wanted

    def learn(self, model: str, needs: Needs, actual: int) -> None:
        """An answer tells how many tokens its prompt really had. Pictures are billed by other rules."""
        if needs.prompt_tokens < 20 or actual <= 0 or needs.images:
            return
        seen = min(8.0, max(0.125, actual / needs.prompt_tokens))
        self._factors[model] = self._factors.get(model, seen) * 0.8 + seen * 0.2
        self._factors.move_to_end(model)
        if len(self._factors) > KEPT:
            self._factors.popitem(last=False)

"""What a batch will take, before the first line is asked: tokens, money and, by the plan's limits, time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from groq_core.events import Usage
from groq_core.models.pricing import cost_usd
from groq_core.models.spec import ModelSpec
from groq_core.ratelimit.plans import LIMITS, Plan, TierLimits
from groq_core.requests import IMAGE_TOKENS, estimate_tokens
from groq_core.services.batch.lines import Entry, LineFault

SAMPLE: Final = 10_000
"""Lines whose tokens are estimated one by one where only the beginning is read; the rest are taken to be like them."""

ANSWER_TOKENS: Final = 512
"""Usual length of an answer whose request sets no maximum, for how long it takes; never for what it costs at most."""

FRAME_TOKENS: Final = 64
"""Tokens at most that stand around each message and definition (role marks, a template's own words)."""

EXTRACTION_TRIES: Final = 4
"""Times one part of a text is asked about at most: twice more where it does not fit, once without a schema."""

EXTRACTION_TOKENS: Final = 75_776
"""Tokens all tries about one part may write: 2048, and four times as many after each that is cut off, to 32,768."""

PART_CHARS: Final = 5_800
"""Characters of the smallest part that a long text of an extraction is cut into, its overlap taken off."""

DAY_S: Final = 86_400


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a source holds.

    Attributes:
        lines: All of them, faults included.
        faults: Lines that cannot be asked; among those looked at closely.
        sampled: Lines looked at closely; the token figures are a bound only where that is all of them.
        tokens_in: Of all prompts, estimated.
        tokens_in_most: Of all prompts at most: no text has more tokens than bytes.
        tokens_out: Of the answers whose requests set a maximum, at most.
        unbound: Lines whose requests set none; an answer then ends at the model's own maximum.
        unknown: Lines of whose length nothing is known before they are asked (files, pictures).
    """

    lines: int = 0
    faults: int = 0
    sampled: int = 0
    tokens_in: int = 0
    tokens_in_most: int = 0
    tokens_out: int = 0
    unbound: int = 0
    unknown: int = 0

    @property
    def usual_tokens_out(self) -> int:
        """Of all answers, those without a maximum taken to be of the usual length."""
        return self.tokens_out + self.unbound * ANSWER_TOKENS

    def scale_to(self, lines: int) -> Survey:
        """The same for a source of which only the beginning was read."""
        grown = lines / self.sampled if self.sampled else 0.0
        fields = ("tokens_in", "tokens_in_most", "tokens_out", "unbound", "unknown")
        figures = {name: round(getattr(self, name) * grown) for name in fields}
        return msgspec.structs.replace(self, lines=lines, **figures)


def survey(entries: Iterable[Entry], *, sample: int | None = None, counted: int | None = None) -> Survey:
    """
    Walk a source once, counting all of it and estimating the tokens of each line.

    Args:
        sample: Lines whose tokens are estimated; None: all of them.
        counted: Lines it has, where somebody has counted: then its beginning is all that is read.
    """
    lines = sampled = 0
    totals = dict.fromkeys(("faults", "tokens_in", "tokens_in_most", "tokens_out", "unbound", "unknown"), 0)
    for entry in entries:
        lines += 1
        if sample is not None and lines > sample:
            if counted is not None:
                break
            continue
        sampled += 1
        for name, figure in _figures(entry).items():
            totals[name] += figure
    found = Survey(lines=lines, sampled=sampled, **totals)
    return found.scale_to(lines if counted is None else counted) if sampled != lines or counted is not None else found


def _figures(entry: Entry) -> dict[str, int]:
    if isinstance(entry, LineFault):
        return {"faults": 1}
    body = entry.body
    asked = [body.get(name) for name in ("messages", "tools", "text", "schema")]
    tokens, most = sum(map(estimate_tokens, asked)), sum(map(_most_tokens, asked))
    if entry.operation == "extraction":
        parts = len(body.get("text") or "") // PART_CHARS + 1
        return {
            "tokens_in": tokens,
            # A try repeats the schema, and a wrong answer with it.
            "tokens_in_most": EXTRACTION_TRIES * (most + parts * (_most_tokens(body.get("schema")) + 10_000)),
            "tokens_out": EXTRACTION_TOKENS * parts,
            "unknown": int("text" not in body),
        }
    if entry.operation != "chat":
        return {"unknown": 1}
    maximum = body.get("max_completion_tokens") or body.get("max_tokens")
    choices = body.get("n") or 1
    most_out = maximum * choices if isinstance(maximum, int) and isinstance(choices, int) else None
    return {
        "tokens_in": tokens,
        "tokens_in_most": most,
        "tokens_out": most_out or 0,
        "unbound": int(most_out is None),
        "unknown": int(_fetches(body.get("messages"))),
    }


def _most_tokens(value: object) -> int:
    """A bound: every token stands for a byte at least, and a picture for what it is billed as."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, dict):
        if value.get("type") == "image_url":
            return IMAGE_TOKENS
        return sum(_most_tokens(name) + _most_tokens(item) for name, item in value.items()) + FRAME_TOKENS
    if isinstance(value, list | tuple):
        return sum(map(_most_tokens, value))
    return 24 if value is not None else 0


def _fetches(messages: object) -> bool:
    """A message holds what only the provider will see: a sound, a file."""
    contents = (message.get("content") for message in messages or () if isinstance(message, dict))  # type: ignore[attr-defined]
    parts = (part for content in contents if isinstance(content, list) for part in content if isinstance(part, dict))
    return any(part.get("type") not in ("text", "image_url") for part in parts)


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """
    What it will take on one model.

    Attributes:
        model: Wire id.
        tokens_out_most: Of all answers at most; None where the model's own maximum is not known either.
        usd_least, usd_most: With empty answers and prompts as estimated; with answers as long as they may be, and
            prompts of as many tokens as they have bytes. None where the registry has no price, or nothing bounds it.
        seconds: By plan, at full use of its limits; a plan the model has no limits in is left out.
    """

    model: str
    tokens_out_most: int | None = None
    usd_least: float | None = None
    usd_most: float | None = None
    seconds: Mapping[Plan, float] = {}


def estimate(found: Survey, spec: ModelSpec, *others: ModelSpec) -> Estimate:
    """
    Price a survey, and find the limit that takes longest.

    Args:
        spec: Who will be asked.
        others: Who may answer in its stead; the bounds hold for them too.
    """
    models = (spec, *others)
    tokens_out, prices = [_tokens_out(found, one) for one in models], [_most(found, one) for one in models]
    return Estimate(
        model=spec.id,
        tokens_out_most=None if None in tokens_out else max(filter(None, tokens_out), default=0),
        usd_least=cost_usd(spec, Usage(prompt_tokens=found.tokens_in)),
        usd_most=None if None in prices else max(price for price in prices if price is not None),
        seconds={
            limits.plan: seconds_under(limits, found) for limits in LIMITS.get(spec.id, ()) if limits.plan is not None
        },
    )


def _tokens_out(found: Survey, spec: ModelSpec) -> int | None:
    own = spec.max_output or spec.context_window
    return None if found.unbound and not own else found.tokens_out + found.unbound * own


def _most(found: Survey, spec: ModelSpec) -> float | None:
    tokens_out = _tokens_out(found, spec)
    if tokens_out is None or found.unknown:
        return None
    return cost_usd(spec, Usage(prompt_tokens=found.tokens_in_most, completion_tokens=tokens_out))


def seconds_under(limits: TierLimits, found: Survey) -> float:
    """
    Time a survey takes where every bucket is full at the start and drips back.

    >>> seconds_under(TierLimits(rpm=30), Survey(lines=90))
    120.0
    """
    tokens_out = found.usual_tokens_out
    tokens = found.tokens_in + tokens_out
    wanted = (
        (limits.rpm, 60, found.lines),
        (limits.rpd, DAY_S, found.lines),
        (limits.tpm, 60, tokens),
        (limits.tpd, DAY_S, tokens),
        (limits.itpm, 60, found.tokens_in),
        (limits.otpm, 60, tokens_out),
    )
    return max(max(0.0, (amount - limit) * window / limit) for limit, window, amount in wanted if limit)

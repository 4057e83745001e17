"""What a batch will take, before the first line is asked: tokens, money and, by the plan's limits, time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from groq_core.events import Usage
from groq_core.models.pricing import cost_usd
from groq_core.models.spec import ModelSpec
from groq_core.ratelimit.plans import LIMITS, Plan, TierLimits
from groq_core.requests import estimated_tokens
from groq_core.services.batch.lines import Entry, Fault

SAMPLE: Final = 10_000
"""Lines whose tokens are estimated one by one; the rest are taken to be like them."""

ANSWER_TOKENS: Final = 512
"""Assumed of an answer whose request sets no maximum."""

DAY_S: Final = 86_400


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a source holds.

    Attributes:
        lines: All of them, faults included.
        faults: Lines that cannot be asked; among those looked at closely.
        sampled: Lines looked at closely.
        tokens_in: Of all prompts, estimated.
        tokens_out: Of all answers at most, or as usual where a request sets no maximum.
    """

    lines: int = 0
    faults: int = 0
    sampled: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


def survey(entries: Iterable[Entry], *, sample: int = SAMPLE, counted: int | None = None) -> Survey:
    """
    Walk a source once, counting all of it and estimating the tokens of its beginning.

    Args:
        counted: Lines it has, where somebody has counted: then its beginning is all that is read.
    """
    lines = faults = sampled = tokens_in = tokens_out = 0
    for entry in entries:
        lines += 1
        if lines > sample:
            if counted is not None:
                break
            continue
        sampled += 1
        if isinstance(entry, Fault):
            faults += 1
            continue
        body = entry.body
        tokens_in += estimated_tokens(body.get("messages")) + estimated_tokens(body.get("tools"))
        tokens_in += estimated_tokens(body.get("text")) + estimated_tokens(body.get("schema"))
        if entry.operation in ("chat", "extraction"):
            tokens_out += body.get("max_completion_tokens") or body.get("max_tokens") or ANSWER_TOKENS
    lines = lines if counted is None else counted
    grown = lines / sampled if sampled else 0.0
    return Survey(
        lines=lines,
        faults=faults,
        sampled=sampled,
        tokens_in=round(tokens_in * grown),
        tokens_out=round(tokens_out * grown),
    )


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """
    What it will take on one model.

    Attributes:
        model: Wire id.
        usd_least, usd_most: With empty answers, and with answers as long as they may be; None where the
            registry has no price.
        seconds: By plan, at full use of its limits; a plan the model has no limits in is left out.
    """

    model: str
    usd_least: float | None = None
    usd_most: float | None = None
    seconds: Mapping[Plan, float] = {}


def estimate(found: Survey, spec: ModelSpec) -> Estimate:
    """Price a survey, and find the limit that takes longest."""
    return Estimate(
        model=spec.id,
        usd_least=cost_usd(spec, Usage(prompt_tokens=found.tokens_in)),
        usd_most=cost_usd(spec, Usage(prompt_tokens=found.tokens_in, completion_tokens=found.tokens_out)),
        seconds={
            limits.plan: seconds_under(limits, found) for limits in LIMITS.get(spec.id, ()) if limits.plan is not None
        },
    )


def seconds_under(limits: TierLimits, found: Survey) -> float:
    """
    Time a survey takes where every bucket is full at the start and drips back.

    >>> seconds_under(TierLimits(rpm=30), Survey(lines=90))
    120.0
    """
    tokens = found.tokens_in + found.tokens_out
    wanted = (
        (limits.rpm, 60, found.lines),
        (limits.rpd, DAY_S, found.lines),
        (limits.tpm, 60, tokens),
        (limits.tpd, DAY_S, tokens),
        (limits.itpm, 60, found.tokens_in),
        (limits.otpm, 60, found.tokens_out),
    )
    return max(max(0.0, (amount - limit) * window / limit) for limit, window, amount in wanted if limit)

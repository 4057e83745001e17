"""The story of an answer: routed, waited, attempted, failed, continued, restarted."""

from __future__ import annotations

from typing import Literal

import msgspec

from groq_core.events.content import Event
from groq_core.events.kinds import Kind


class Routed(Event, frozen=True, kw_only=True):
    """Which targets will be asked, in order (``provider:model``), and the reason in words."""

    request_id: str
    tier: str
    reason: str
    candidates: tuple[str, ...]


class CacheChecked(Event, frozen=True, kw_only=True):
    """The cache was looked into, which only some requests allow. Age in seconds; saving in USD."""

    result: Literal["hit", "miss"]
    age_s: float | None = None
    saved_usd: float | None = None
    shared: bool = False


class Waiting(Event, frozen=True, kw_only=True):
    """Nothing happens for ``seconds``, and why; ``target`` is ``provider:model``."""

    seconds: float
    reason: str
    target: str = ""


class AttemptStarted(Event, frozen=True, kw_only=True):
    """
    One request is about to be sent upstream; ``number`` counts from 1 within one user request.

    ``hedge``: it runs beside the one before it, which has been silent for longer than is usual.
    """

    number: int
    provider: str
    model: str
    hedge: bool = False


class AttemptFailed(Event, frozen=True, kw_only=True):
    """
    It did not work; what was heard so far may be continued, restarted or given up.

    Attributes:
        rest_s: Seconds the target now rests; 0 when it does not.
        cancelled: We hung up ourselves (a lost race), so nothing is held against the target.
    """

    number: int
    provider: str
    model: str
    kind: Kind
    message: str
    status: int | None = None
    retry_after_s: float | None = None
    rest_s: float = 0.0
    ttft_s: float | None = None
    elapsed_s: float = 0.0
    tokens_out: int = 0
    cancelled: bool = False
    cost_usd: float | None = None


class AttemptSkipped(Event, frozen=True, kw_only=True):
    """A candidate was passed over without asking it: it rests, or the request would not fit its limits."""

    provider: str
    model: str
    kind: Kind
    message: str
    retry_after_s: float | None = None


class Continued(Event, frozen=True, kw_only=True):
    """The answer broke after ``at`` characters and goes on from there, written by another attempt."""

    provider: str
    model: str
    at: int


class Restarted(Event, frozen=True, kw_only=True):
    """What was shown no longer counts; a clean answer follows. ``kept`` is the old text, to fold away."""

    provider: str
    model: str
    kept: str


class Note(Event, frozen=True, kw_only=True):
    """Something was done to the request that its author should know, e.g. old turns were left out."""

    code: str
    text: str


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Words of a document; ``page`` counts from 1 and is 0 where it has no pages."""

    document: str
    page: int
    text: str


class Quoted(Event, frozen=True, kw_only=True):
    """
    Of documents too long for one question, only these passages went along with it.

    Attributes:
        documents: Their names.
        pages: How many they have together; 0 where they have none.
        tokens: Of all that stands in them, estimated.
        whole: The question was about all of them, so the passages are from everywhere.
    """

    documents: tuple[str, ...]
    pages: int
    tokens: int
    quotes: tuple[Quote, ...]
    whole: bool = False


class PartStarted(Event, frozen=True, kw_only=True):
    """
    One part of a long recording is about to be transcribed.

    Attributes:
        index: Counted from 0, in the order of time.
        start_s, end_s: Where it lies in the recording.
        total_s: Length of the whole recording by its header; None where it does not say.
        again: It has failed before.
    """

    index: int
    start_s: float
    end_s: float
    total_s: float | None = None
    again: bool = False


class PartDone(Event, frozen=True, kw_only=True):
    """
    One part of a long recording is done, for good or ill.

    Attributes:
        index, start_s, end_s: As it was started.
        outcome: ``silent``: nothing is heard in it, so nobody was asked.
        number: Of the attempt that answered; 0 when nobody was asked (cache, silence).
        error: What a person is told about why it failed.
        text: What was heard in it, before parts are joined.
    """

    index: int
    start_s: float
    end_s: float
    outcome: Literal["answered", "failed", "silent"] = "answered"
    number: int = 0
    provider: str = ""
    model: str = ""
    ttft_s: float | None = None
    elapsed_s: float | None = None
    cost_usd: float | None = None
    error: str = ""
    text: str = ""


class Degraded(Event, frozen=True, kw_only=True):
    """Every target failed; a friendly sentence follows as the answer, marked as such."""

    message: str
    retry_after_s: float | None = None

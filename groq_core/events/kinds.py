"""What kind of failure an attempt ended in, and the words for how an answer ended."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]
Outcome: TypeAlias = Literal["running", "answered", "failed", "cancelled", "skipped"]


class Kind(StrEnum):
    """What kind of failure an attempt ended in. The words are part of the HTTP API."""

    RATE_LIMITED = "rate_limited"
    OVER_CAPACITY = "over_capacity"
    SERVER_ERROR = "server_error"
    CONNECTION = "connection"
    TIMEOUT_FIRST_TOKEN = "timeout_first_token"
    TIMEOUT_IDLE = "timeout_idle"
    STREAM_CUT = "stream_cut"
    STREAM_ERROR = "stream_error"
    EMPTY_ANSWER = "empty_answer"
    MALFORMED = "malformed"
    MODEL_GONE = "model_gone"
    NOT_PERMITTED = "not_permitted"
    TERMS_REQUIRED = "terms_required"
    AUTH = "auth"
    QUOTA_EXHAUSTED = "quota_exhausted"
    TOO_LARGE = "too_large"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    GENERATION_FAILED = "generation_failed"
    INVALID_REQUEST = "invalid_request"
    UNSUPPORTED = "unsupported"
    BUDGET = "budget"
    RESTING = "resting"
    DEADLINE = "deadline"

"""What the simulated model says, before either API's dialect puts it on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field

from groq_core.simulator.model_profiles import SimModel
from groq_core.simulator.wire_format import Json


@dataclass(slots=True, frozen=True)
class SimulatedCall:
    """A tool call; ``arguments`` is compact JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(slots=True, kw_only=True)
class Timing:
    """Seconds, as ``usage`` reports them and as the pace makes them true."""

    queue: float = 0.0
    prompt: float = 0.0
    completion: float = 0.0


@dataclass(slots=True, kw_only=True)
class SimulatedAnswer:
    """
    One completion.

    Attributes:
        id, request_id: ``chatcmpl-…`` and ``req_…``.
        reasoning, content: Tokens; content is None where only tools are called.
        reasoning_tokens: Counted even where the reasoning is not shown.
        executed: What Groq's built-in tools did before the answer.
        finish_reason: ``stop``, ``length``, ``tool_calls`` or ``content_filter``.
        include_usage: A usage chunk was asked for.
        error: ``x_groq.error`` of an answer that stops early.
        times: Seconds from the request to each chunk, where a story says them; empty otherwise.
    """

    id: str
    request_id: str
    model: SimModel
    created: int
    fingerprint: str
    seed: int | None = None
    reasoning: list[str] = field(default_factory=list)
    content: list[str] | None = None
    calls: list[SimulatedCall] = field(default_factory=list)
    executed: list[Json] = field(default_factory=list)
    finish_reason: str | None = "stop"
    prompt_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    completion_tokens: int = 0
    timing: Timing = field(default_factory=Timing)
    include_usage: bool = False
    service_tier: str = "on_demand"
    error: str | None = None
    times: list[float] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.content or ())


@dataclass(slots=True)
class Frames:
    """
    A streamed answer as encoded events, in order.

    Attributes:
        head: The first chunk, which brings the role.
        body: Chunks with content, reasoning or tool calls; what ``after`` of a fault counts.
        finish: The chunk with ``finish_reason``.
        tail: What follows it: a usage chunk, or nothing.
        prefix, suffix: A content chunk around its JSON-encoded text, for chunks made up on the way.
    """

    head: bytes
    body: list[bytes]
    finish: bytes
    tail: bytes
    prefix: bytes
    suffix: bytes


DONE = b"data: [DONE]\n\n"

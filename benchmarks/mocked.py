"""`llmock`, a local provider that breaks as it is told and judges its client, over each of its faults."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from llmock.scenarios import Behavior, Delay, Fail, SlowFirstToken, StreamFault
from llmock.testing import LLMockServer
from llmock.verdict import judge

from tests.stage import staged

FAULTS: Final[dict[str, tuple[Behavior, ...]]] = {
    **{f"{status} once": (Fail(status),) for status in (408, 409, 429, 500, 502, 503, 504)},
    **{f"{status} three times": (Fail(status, times=3),) for status in (429, 500, 503)},
    **{f"{status} for ever": (Fail(status, times=None),) for status in (400, 401, 403, 404, 422, 429, 500, 503)},
    "429 with Retry-After 1": (Fail(429, retry_after=1.0),),
    "503 with Retry-After 1": (Fail(503, retry_after=1.0),),
    "429 with Retry-After 30": (Fail(429, retry_after=30.0),),
    "late": (Delay(0.2),),
    "first token late": (SlowFirstToken(0.2),),
    "cut cleanly": (StreamFault("truncate", after_chunks=3),),
    "disconnected": (StreamFault("disconnect", after_chunks=3),),
    "disconnected at once": (StreamFault("disconnect", after_chunks=0),),
    "stalled": (StreamFault("stall", after_chunks=3, stall_seconds=3.0),),
    "malformed": (StreamFault("malformed", after_chunks=3),),
}

DELIBERATE: Final = frozenset({"gave_up", "malformed_chunk_ignored", "truncated_stream_accepted"})
"""
What it calls a fault and is meant so, where the answer is whole all the same. A refusal without a time is not asked
again there but of the next, and what was cut is completed by the next: it does not see the backup that answers. A chunk
nobody can read is passed over and counted, since the words beside it arrive.
"""


class Judgement(NamedTuple):
    """
    What came of one fault.

    Attributes:
        findings: Of the judge, but for what is deliberate.
        deliberate: Codes of what is.
        ended: The answer was whole, or a word said why there was none.
    """

    findings: list[str]
    deliberate: list[str]
    ended: bool


async def judge_one(name: str) -> Judgement:
    """Ask once, streamed, of a Groq that is llmock with one fault; the backup is our simulator, and well."""
    with LLMockServer() as server:
        server.state.scenarios.add(*FAULTS[name])
        root = server.base_url("groq").removesuffix("/openai/v1")
        async with staged({"GROQ_BASE_URL": root, "GROQ_CORE_IDLE_TIMEOUT": "0.8"}) as stage:
            server.state.journal.clear()
            got = await stage.stream()
        whole = got.done and got.finish_reason == "stop" and got.receipt["served_by"] is not None
        found = judge(_of_chat(server.state.journal.records(wait=5.0))).findings
    meant = {one.code for one in found if one.code in DELIBERATE and whole}
    return Judgement(
        [f"{one.code}: {one.title}" for one in found if one.code not in meant],
        sorted(meant),
        whole or got.error is not None,
    )


def _of_chat(records: Any) -> list[Any]:
    return [record for record in records if record.path.endswith("/chat/completions")]

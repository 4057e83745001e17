"""Every kind of fault, on the bytes; and the store that holds them."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
import msgspec
import pytest

from groq_core.simulator import Fault, Faults, Simulator
from groq_core.simulator.faults import KINDS
from groq_core.simulator.presets import PRESETS
from tests.simulator.http import CHAT, LLAMA, OSS, ask, connect
from tests.simulator.shapes import events

LONG = ask("Write 60 words on rivers", stream=True, temperature=0)


async def stream(http: httpx.AsyncClient, body: Any = LONG, path: str = CHAT) -> bytes:
    """All bytes of a stream up to its end, or up to where it broke."""
    read = bytearray()
    try:
        async with http.stream("POST", path, json=body) as answer:
            assert answer.status_code == 200
            async for data in answer.aiter_raw():
                read += data
    except httpx.RemoteProtocolError:
        read += b"<cut>"
    return bytes(read)


def deltas(body: bytes) -> int:
    """Chunks that bring content or reasoning."""
    found = [data for _, data in events(body) if isinstance(data, dict) and data.get("choices")]
    return sum({*chunk["choices"][0]["delta"]} & {"content", "reasoning"} != set() for chunk in found[1:])


async def test_cut_closes_the_connection_after_so_many_chunks(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="cut", after=7))

    body = await stream(http)

    assert body.endswith(b"}\n\n<cut>")
    assert deltas(body.removesuffix(b"<cut>")) == 7


@pytest.mark.parametrize(("mid", "ending"), [("utf8", b'"caf\xc3<cut>'), ("json", b"<cut>")])
async def test_cut_may_fall_within_an_event(
    simulator: Simulator, http: httpx.AsyncClient, mid: Any, ending: bytes
) -> None:
    simulator.faults.add(Fault(kind="cut", after=3, mid=mid))

    body = await stream(http)

    assert body.endswith(ending)
    assert not body.endswith(b"\n\n<cut>")


async def test_clean_end_has_no_finish_and_no_done(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="clean_end", after=5))

    body = await stream(http)

    assert deltas(body) == 5
    assert b"<cut>" not in body
    assert b"[DONE]" not in body
    assert b'"finish_reason":"' not in body


async def test_no_done_has_a_finish(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="no_done"))

    body = await stream(http)

    assert b'"finish_reason":"stop"' in body
    assert b"[DONE]" not in body


async def test_malformed_line_is_one_and_the_rest_goes_on(simulator: Simulator, http: httpx.AsyncClient) -> None:
    whole = await stream(http)
    simulator.faults.add(Fault(kind="malformed", after=4, times=1))

    body = await stream(http)

    lines = [line for line in body.split(b"\n\n") if line.startswith(b"data: {")]
    broken = [line for line in lines if not _decodes(line[6:])]
    assert len(broken) == 1
    assert len(lines) == len([line for line in whole.split(b"\n\n") if line.startswith(b"data: {")]) + 1
    assert body.endswith(b"data: [DONE]\n\n")


async def test_error_event_ends_the_stream(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="error_event", preset="503_over_capacity", after=6))

    found = events(await stream(http))

    assert found[-1][0] == "error"
    assert found[-1][1]["error"]["status_code"] == 503
    assert OSS in found[-1][1]["error"]["message"]


async def test_error_event_may_come_before_the_answer_begins(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="error_event"))

    assert [name for name, _ in events(await stream(http))] == ["", "error"]


async def test_x_groq_error_is_a_chunk(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="x_groq_error", after=2, body="stopped"))

    assert events(await stream(http))[-1][1]["x_groq"]["error"] == "stopped"


async def test_empty_stream_has_no_content(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="empty"))

    body = await stream(http)

    assert deltas(body) == 0
    assert body.endswith(b"data: [DONE]\n\n")


async def test_empty_body_has_no_bytes(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="empty", body=""))

    assert await stream(http) == b""


async def test_content_filter_stops_the_text(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="content_filter", after=3))

    body = await stream(http)

    assert deltas(body) == 3
    assert b'"finish_reason":"content_filter"' in body


async def test_stall_goes_on_after_its_time(simulator: Simulator, http: httpx.AsyncClient) -> None:
    whole = deltas(await stream(http))
    simulator.faults.add(Fault(kind="stall", after=3, seconds=0.05))

    assert deltas(await stream(http)) == whole


@pytest.mark.parametrize("kind", ["stall", "never", "slow_first_token"])
async def test_a_silent_answer_ends_when_the_reader_leaves(
    simulator: Simulator, http: httpx.AsyncClient, kind: Any
) -> None:
    simulator.faults.add(Fault(kind=kind, after=3))

    with pytest.raises(httpx.ReadTimeout):
        await http.post(CHAT, json=LONG, timeout=0.2)
    async with asyncio.timeout(2):
        await simulator.wait_until_idle()


async def test_reset_breaks_off_before_any_header(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="reset"))

    with pytest.raises(httpx.ReadError):
        await http.post(CHAT, json=LONG)


async def test_prefill_is_refused_where_an_assistant_message_stands_last(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    simulator.faults.add(Fault(kind="refuse_prefill"))
    prefilled = {"model": OSS, "messages": [*ask()["messages"], {"role": "assistant", "content": "17"}]}

    assert (await http.post(CHAT, json=ask())).status_code == 200
    assert (await http.post(CHAT, json=prefilled)).status_code == 400


async def test_status_has_the_headers_and_body_it_was_given(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="status", status=418, headers={"x-pot": "tea"}, body={"short": True}))

    answer = await http.post(CHAT, json=ask())

    assert (answer.status_code, answer.headers["x-pot"], answer.json()) == (418, "tea", {"short": True})


@pytest.mark.parametrize("preset", PRESETS)
async def test_every_preset_answers(simulator: Simulator, http: httpx.AsyncClient, preset: str) -> None:
    simulator.faults.add(Fault(kind="status", preset=preset))

    answer = await http.post(CHAT, json=ask())

    assert str(answer.status_code)[:3] == preset[:3] or answer.status_code == 400 or not preset[0].isdigit()
    assert answer.content


async def test_a_wait_is_told_in_header_and_words(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="status", preset="429_tpm", retry_after=95.5))

    answer = await http.post(CHAT, json=ask())

    assert answer.headers["retry-after"] == "96"
    assert "Please try again in 1m35.5s." in answer.json()["error"]["message"]


@pytest.mark.parametrize("kind", ["cut", "malformed", "error_event", "empty", "clean_end", "x_groq_error", "stall"])
async def test_faults_of_streams_hit_whole_answers_too(simulator: Simulator, kind: Any) -> None:
    simulator.faults.add(Fault(kind=kind, seconds=0.01))

    async with connect(simulator) as http:
        try:
            answer = await http.post(CHAT, json=ask())
        except httpx.RemoteProtocolError:
            assert kind == "cut"
            return
    match kind:
        case "malformed" | "empty":
            assert not _decodes(answer.content)
        case "error_event":
            assert answer.status_code == 500
        case "clean_end":
            assert answer.json()["choices"][0]["finish_reason"] is None
        case "x_groq_error":
            assert answer.json()["x_groq"]["error"]
        case "stall":
            assert answer.json()["choices"][0]["finish_reason"] == "stop"


async def test_a_fault_hits_only_whom_it_is_for(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.faults.add(Fault(kind="status", provider="groq", model=OSS, operation="chat"))

    assert (await http.post(CHAT, json=ask())).status_code == 500
    assert (await http.post(CHAT, json=ask(model="openai/gpt-oss-120b"))).status_code == 200
    assert (await http.post("/v1/chat/completions", json=ask(model="gpt-4o-mini"))).status_code == 200
    assert (await http.get("/openai/v1/models")).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
async def test_the_server_survives_every_fault(simulator: Simulator, http: httpx.AsyncClient, kind: Any) -> None:
    fault = simulator.faults.add(Fault(kind=kind, seconds=0.01, after=2, times=1))
    try:
        await http.post(CHAT, json=LONG, timeout=0.3)
    except httpx.HTTPError:
        pass
    simulator.faults.remove(fault.id)

    assert (await http.post(CHAT, json=ask(model=OSS))).status_code == 200


# ── the store ────────────────────────────────────────────────────────────────────────────────────────


class Clock:
    """A clock that moves when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def count_taken(faults: Faults, number: int) -> int:
    return sum(faults.take("groq", OSS, "chat") is not None for _ in range(number))


def test_times_are_counted_down() -> None:
    faults = Faults(Clock(), random.Random(0))
    faults.add(Fault(kind="cut", times=3))

    assert count_taken(faults, 10) == 3
    assert faults.list() == []


def test_probability_is_kept() -> None:
    faults = Faults(Clock(), random.Random(0))
    faults.add(Fault(kind="cut", probability=0.25))

    assert 200 < count_taken(faults, 1_000) < 300


def test_a_fault_ends_when_its_time_is_over() -> None:
    clock = Clock()
    faults = Faults(clock, random.Random(0))
    faults.add(Fault(kind="cut", until_s=10))

    clock.now = 9.9
    assert count_taken(faults, 1) == 1
    clock.now = 10.0
    assert count_taken(faults, 1) == 0


def test_the_first_that_matches_hits() -> None:
    faults = Faults(Clock(), random.Random(0))
    faults.add(Fault(kind="cut", model=LLAMA))
    faults.add(Fault(kind="reset"))

    assert [fault.kind for model in (LLAMA, OSS) if (fault := faults.take("groq", model, "chat"))] == ["cut", "reset"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (Fault(kind="explode"), "kind"),  # type: ignore[arg-type]
        (Fault(kind="cut", provider="nobody"), "provider"),  # type: ignore[arg-type]
        (Fault(kind="cut", probability=2), "probability"),
        (Fault(kind="status", status=99), "status"),
        (Fault(kind="cut", times=0), "times"),
        (Fault(kind="cut", after=-1), "after"),
        (Fault(kind="status", preset="teapot"), "preset"),
    ],
)
def test_a_wrong_value_is_named(wrong: Fault, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Faults(Clock(), random.Random(0)).add(wrong)


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────────────


async def test_faults_are_switched_over_http(http: httpx.AsyncClient) -> None:
    added = await http.post("/_simulator/faults", json=[{"kind": "cut", "after": 2}, {"kind": "reset", "model": LLAMA}])
    ids = [fault["id"] for fault in added.json()["faults"]]

    await http.delete(f"/_simulator/faults/{ids[0]}")
    left = (await http.get("/_simulator/faults")).json()["faults"]
    await http.delete("/_simulator/faults")

    assert [fault["kind"] for fault in left] == ["reset"]
    assert (await http.get("/_simulator/faults")).json()["faults"] == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"kind": "cut", "afterwards": 2}, "afterwards"),
        ({"kind": "explode"}, "explode"),
        ({"kind": "cut", "probability": 7}, "probability"),
        ({"kind": "status", "preset": "teapot"}, "teapot"),
        ({}, "kind"),
    ],
)
async def test_a_wrong_fault_is_refused_by_its_field(http: httpx.AsyncClient, body: Any, named: str) -> None:
    answer = await http.post("/_simulator/faults", json=body)

    assert answer.status_code == 400
    assert named in answer.json()["error"]["message"]


async def test_one_wrong_fault_in_a_list_adds_none(http: httpx.AsyncClient) -> None:
    await http.post("/_simulator/faults", json=[{"kind": "cut"}, {"kind": "status", "preset": "teapot"}])

    assert (await http.get("/_simulator/faults")).json()["faults"] == []


def _decodes(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except msgspec.DecodeError:
        return False
    return True

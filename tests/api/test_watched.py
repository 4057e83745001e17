"""As a service is watched: the client's ids, its trace, OpenTelemetry's spans, and what our own layers took."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from groq_core.telemetry import span_export
from groq_core.telemetry.trace_context import read_context, read_traceparent
from tests.serving import listening
from tests.stage import staged

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
SECRET = "A question that nobody else may read"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


def tracer_of(exporter: InMemorySpanExporter) -> Any:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("test")


# ── ids ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/v1/embeddings", "/health"])
async def test_the_clients_own_id_comes_back_beside_ours(path: str) -> None:
    async with staged() as stage:
        named = await stage.http.post(path, json={}, headers={"x-request-id": "job-7/3"})
        unnamed = await stage.http.post(path, json={})

    assert named.headers["x-request-id"] == "job-7/3"
    assert named.headers["x-groq-core-request-id"].startswith("gc_")
    assert unnamed.headers["x-request-id"].startswith("gc_")
    assert "x-groq-core-request-id" not in unnamed.headers


@pytest.mark.parametrize("given", ["", "a b", "a" * 129, "ä", "<script>", "a;b"])
async def test_an_id_that_cannot_be_repeated_is_passed_over(given: str) -> None:
    async with staged() as stage:
        answer = await stage.http.get("/health", headers=[(b"x-request-id", given.encode("latin-1"))])

    assert answer.headers["x-request-id"].startswith("gc_")


async def test_the_log_names_both_ids_and_the_trace(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "groq_core.request"):
        async with staged() as stage:
            answer = await stage.http.post(
                "/v1/chat/completions",
                json={"messages": [{"role": "user", "content": "Hi"}]},
                headers={"x-request-id": "job-7", "traceparent": PARENT},
            )
            await stage.chat("Hi again")
    ours = answer.headers["x-groq-core-request-id"]
    first, second = (vars(record) for record in caplog.records if record.name == "groq_core.request")

    assert (first["request_id"], first["client_request_id"], first["trace_id"]) == (ours, "job-7", TRACE)
    assert answer.json()["x_groq_core"]["request_id"] == ours
    assert (second["client_request_id"], second["trace_id"]) == ("", ""), "the next request is another's"


@pytest.mark.parametrize(
    "text",
    [
        f"ff-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more", f"00-{TRACE[:-1]}-{SPAN}-01", f"00-{TRACE.upper()}-{SPAN}-01", "", "x" * 9000,
    ],
)  # fmt: skip
def test_a_broken_traceparent_is_none(text: str) -> None:
    assert read_traceparent(text) is None
    assert read_context("job", text).request_id == "job"


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    found = read_traceparent(f"01-{TRACE}-{SPAN}-00-more")

    assert found is not None
    assert (found.trace_id, found.sampled) == (TRACE, False)


# ── overhead ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/openai/v1/chat/completions"])
async def test_every_answer_says_what_our_layers_took(path: str, stream: bool) -> None:
    body = {"input": "Hi"} if path.endswith("responses") else {"messages": [{"role": "user", "content": "Hi"}]}
    async with staged() as stage:
        stage.fault("slow_first_token", provider="groq", seconds=0.3)
        asked = await stage.http.post(path, json={**body, "stream": stream})
        again = await stage.http.post(path, json={**body, "stream": stream})

    for answer in (asked, again):
        # The model's third of a second is not ours.
        assert 0 < float(answer.headers["x-groq-core-overhead-ms"]) < 300


# ── spans ────────────────────────────────────────────────────────────────────────────────────────────


def attributes_of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_request_is_a_span_and_each_question_upstream_one_below_it(exporter: InMemorySpanExporter) -> None:
    async with staged(tracer=tracer_of(exporter)) as stage:
        stage.fault("status", preset="503_over_capacity", model="openai/gpt-oss-120b", times=2)
        answer = await stage.http.post(
            "/v1/chat/completions",
            json={
                "model": "openai/gpt-oss-120b",
                "messages": [{"role": "user", "content": SECRET}],
                "temperature": 0.5,
                "max_tokens": 500,
            },
            headers={"traceparent": PARENT},
        )
    *attempts, whole = exporter.get_finished_spans()

    assert whole.name == "chat openai/gpt-oss-120b"
    assert whole.kind is SpanKind.SERVER
    assert whole.parent is not None
    assert (f"{whole.parent.trace_id:032x}", f"{whole.parent.span_id:016x}") == (TRACE, SPAN)
    assert attributes_of(whole)["groq_core.request_id"] == answer.headers["x-request-id"]
    assert attributes_of(whole)["groq_core.attempts"] == len(attempts) == 3
    for span in attempts:
        assert span.kind is SpanKind.CLIENT
        assert span.parent == whole.get_span_context()
    assert [attributes_of(span).get("error.type") for span in attempts] == ["over_capacity", "over_capacity", None]
    assert attributes_of(attempts[0])["http.response.status_code"] == 503
    assert attempts[0].status.status_code is StatusCode.ERROR
    answered, usage = attributes_of(attempts[-1]), answer.json()["usage"]
    assert answered["gen_ai.operation.name"] == "chat"
    assert answered["gen_ai.provider.name"] == "groq"
    assert answered["gen_ai.response.model"] == answer.json()["model"] == attributes_of(whole)["gen_ai.response.model"]
    assert answered["gen_ai.usage.input_tokens"] == usage["prompt_tokens"]
    assert answered["gen_ai.usage.output_tokens"] == usage["completion_tokens"]
    assert answered["gen_ai.response.finish_reasons"] == ("stop",)
    assert (answered["gen_ai.request.temperature"], answered["gen_ai.request.max_tokens"]) == (0.5, 500)


async def test_nothing_that_was_said_is_in_a_span(exporter: InMemorySpanExporter) -> None:
    async with staged(tracer=tracer_of(exporter)) as stage:
        await stage.stream(f"Say “{SECRET}”")
        stage.fault("status", preset="context_length")
        await stage.chat(
            SECRET, user=SECRET, tools=[{"type": "function", "function": {"name": "f", "description": SECRET}}]
        )
        spans = exporter.get_finished_spans()

    assert len(spans) >= 4
    assert not [span.name for span in spans if SECRET in span.to_json() or "gsk_test" in span.to_json()]


async def test_a_stream_that_breaks_or_is_left_ends_its_spans(exporter: InMemorySpanExporter) -> None:
    async with staged(tracer=tracer_of(exporter)) as stage:
        stage.fault("cut", after=3)
        broken = await stage.stream()
        spans = [*exporter.get_finished_spans()]
        exporter.clear()
        stage.simulator.faults.clear()
        stage.fault("stall", after=2, seconds=5)
        body = {"messages": [{"role": "user", "content": "Count from 1 to 60."}], "stream": True}
        async with stage.http.stream("POST", "/v1/chat/completions", json=body) as response:
            await anext(response.aiter_bytes())
        async with asyncio.timeout(5):
            while not exporter.get_finished_spans() or stage.core.log.under_way:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        left = exporter.get_finished_spans()

    assert not broken.done
    assert attributes_of(spans[-1])["error.type"]
    assert left[-1].name.startswith("chat")
    assert left[-1].end_time


async def test_sound_has_spans_too(exporter: InMemorySpanExporter) -> None:
    async with staged(tracer=tracer_of(exporter)) as stage:
        await stage.http.post("/v1/audio/speech", json={"input": "Hello.", "voice": "hannah"})
        names = [span.name for span in exporter.get_finished_spans()]

    assert names[-1] == "speech speech"
    assert names[0].startswith("speech canopylabs/")


# ── set up by the environment ────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def collector() -> AsyncIterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """What a collector hears by OTLP over HTTP; gives its address."""
    heard: list[ExportTraceServiceRequest] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        heard.append(ExportTraceServiceRequest.FromString(await reader.readexactly(size)))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with listening(answer) as port:
        yield f"http://127.0.0.1:{port}", heard


PROGRAM = """
import asyncio
from groq_core import assemble, load
from groq_core.telemetry import span_export

async def main():
    finish = span_export.configure()
    async with assemble(load()) as core:
        print((await core.chat.ask("What is 17 * 23?")).text)
    finish()

asyncio.run(main())
"""


async def test_spans_go_where_the_environment_says() -> None:
    async with collector() as (url, heard):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, stdout=asyncio.subprocess.PIPE,
            env={"PATH": os.defpath, "OTEL_EXPORTER_OTLP_ENDPOINT": url, "PYTHONPATH": os.getcwd()},
        )  # fmt: skip
        said, _ = await asyncio.wait_for(process.communicate(), 60)
    resources = [resource for request in heard for resource in request.resource_spans]
    names = [span.name for resource in resources for scope in resource.scope_spans for span in scope.spans]

    assert b"391" in said
    assert "chat auto" in names
    assert len(names) == 2
    service = {one.key: one.value.string_value for one in resources[0].resource.attributes}["service.name"]
    assert service == "groq-core"


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_is_set_up_where_nobody_asks_for_it(said: dict[str, str]) -> None:
    span_export.configure(said)()

    assert span_export.configured_tracer() is None

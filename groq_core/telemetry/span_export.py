"""Where OpenTelemetry's spans go: by `OTEL_*` in the environment, or as whatever runs this has set up."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from opentelemetry import trace

logger = logging.getLogger("groq_core.spans")

SCOPE: Final = "groq_core"
WANTED: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")
"""Any of these in the environment asks for spans."""


def configured_tracer() -> trace.Tracer | None:
    """The tracer of whoever has configured one; None where nobody has."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return None
    return trace.get_tracer(SCOPE)


def configure(environment: Mapping[str, str] | None = None) -> Callable[[], None]:
    """
    Set up the SDK as `OTEL_*` says, unless something has done so already.

    Returns:
        What sends the last spans at the end.
    """
    said = os.environ if environment is None else environment
    exporter = said.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower()
    if not any(said.get(name) for name in WANTED) or said.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return _nothing
    if exporter == "none" or configured_tracer() is not None:
        return _nothing
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider = TracerProvider(
            resource=Resource.create({"service.name": said.get("OTEL_SERVICE_NAME") or "groq-core"})
        )
        provider.add_span_processor(BatchSpanProcessor(_exporter(exporter)))
    except ImportError:
        logger.warning("spans are asked for by OTEL_*, and their SDK is not installed: pip install 'groq-core[otel]'")
        return _nothing
    trace.set_tracer_provider(provider)
    return provider.shutdown


def _exporter(name: str) -> Any:
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def _nothing() -> None:
    pass

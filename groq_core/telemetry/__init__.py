"""
What an operator reads: metrics, logs and spans.

- ``logs``: How log lines look: for people or for machines, and in either case without a key.
- ``metrics``: What a scraper reads.
- ``span_export``: Where OpenTelemetry's spans go: by `OTEL_*` in the environment, or as whatever runs this has set up.
- ``trace_context``: What a client says of the work its request belongs to: its own id of it, and the trace.

Imported by ``api``, ``cli``, ``compose``, ``fallback``, ``middleware``, ``serve`` and ``status``.
"""

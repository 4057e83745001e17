"""
What an operator reads: metrics and logs.

- ``logs``: How log lines look: for people or for machines, and in either case without a key.
- ``metrics``: What a scraper reads.

Imported by ``compose``, ``fallback``, ``middleware``, ``serve`` and ``status``.
"""

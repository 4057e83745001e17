"""Processes that sign with different secrets are told of each other, once, and the secret is told to nobody."""

from __future__ import annotations

import logging

import pytest

from groq_core.redaction import Secret
from groq_core.store.shared import same_secret
from groq_core.store.shared.link import Link
from groq_core.store.shared.same_secret import KEY, SameSecret
from tests.requires import needs
from tests.store.replicas import Redis

pytestmark = needs("redis-server")


async def test_another_secret_is_told_once_and_again_after_it_was_mended(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(same_secret, "LOOK_S", 0.0)
    monkeypatch.setattr(same_secret, "PATIENCE_S", 0.0)
    link = Link(Secret(redis.url))
    await link.recheck(lambda client: client.ping())
    first, second, third = (SameSecret(link, Secret(word)) for word in ("one-word", "one-word", "another-word"))
    nobody = SameSecret(link, None)

    with caplog.at_level(logging.WARNING, "groq_core.shared"):
        for one in (first, second, nobody, first):
            await one.look()
        assert not caplog.records
        for _ in range(3):
            await third.look()
        assert ["another GROQ_CORE_SECRET" in record.getMessage() for record in caplog.records] == [True]

        mark = await link.call(lambda client: client.get(KEY))
        assert b"word" not in mark
        await link.call(lambda client: client.delete(KEY))  # those with the first secret have ended
        await third.look()
        await first.look()
        assert len(caplog.records) == 2
    await link.close()


async def test_a_secret_that_was_changed_everywhere_is_nothing_to_tell(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(same_secret, "LOOK_S", 0.0)
    link = Link(Secret(redis.url))
    await link.recheck(lambda client: client.ping())
    await SameSecret(link, Secret("before")).look()

    with caplog.at_level(logging.WARNING, "groq_core.shared"):
        after = SameSecret(link, Secret("after"))
        for _ in range(3):
            await after.look()  # what the ended process left is still there
        await link.call(lambda client: client.delete(KEY))
        await after.look()
    assert not caplog.records
    await link.close()

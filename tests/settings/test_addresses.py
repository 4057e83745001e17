"""Addresses of state are read as their drivers will read them, and refused before anything is connected."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis
from sqlalchemy.engine import make_url

from groq_core.errors import SettingsError
from groq_core.settings.settings import Settings
from groq_core.store.database import async_url

GOOD_DATABASES = [
    *("sqlite:///team.db", "sqlite:////var/lib/team.db", "sqlite+aiosqlite:///team.db"),
    *("sqlite:///C:\\data\\team.db", "postgres://h/d", "postgresql://h/d", "postgresql+psycopg://ann:p@h:5432/d"),
    *(
        "postgresql://ann:p#w@h:5432/d",
        "postgresql://ann:p[w@h/d",
        "postgresql://ann:p/w@h/d",
        "postgresql://ann:p?w@h/d",
    ),
    *("postgresql://ann:p@[::1]:5432/d", "postgresql://ann@/d?host=/var/run", "postgresql://ann:p:w@h/d"),
]
BAD_DATABASES = [
    *("postgresql://h:port/d", "postgresql://ann:p@h:54x/d", "postgresql://[::1/d", "postgresql://h1:1,h2:2/d"),
    *("postgresql+psycopg2://h/d", "postgresql+asyncpg://h/d", "sqlite+pysqlcipher:///d", "mysql://h/d", "h:5432"),
]
GOOD_REDIS = ["redis://h", "redis://h:6379/0", "redis://:p@h:6379/0", "rediss://ann:p@h", "unix:///run/redis.sock"]
BAD_REDIS = ["redis://h:port", "redis://[::1", "redis://ann:p#w@h:6379", "redis://ann:p/w@h:6379", "http://h"]


@pytest.mark.parametrize("address", GOOD_DATABASES)
def test_a_database_that_its_driver_takes_is_taken(address: str) -> None:
    found = Settings.from_env({"GROQ_CORE_DATABASE": address}).database
    assert found is not None
    assert async_url(found.reveal()).database == make_url(address).database


@pytest.mark.parametrize("address", GOOD_REDIS)
def test_a_redis_that_its_client_takes_is_taken(address: str) -> None:
    found = Settings.from_env({"GROQ_CORE_REDIS_URL": address}).redis_url
    assert found is not None
    Redis.from_url(found.reveal())


@pytest.mark.parametrize(
    ("name", "address"),
    [
        *(("GROQ_CORE_DATABASE", address) for address in BAD_DATABASES),
        *(("GROQ_CORE_REDIS_URL", address) for address in BAD_REDIS),
    ],
)
def test_what_no_driver_takes_is_named_with_what_is_allowed(name: str, address: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}=.hidden.: allowed is an address") as told:
        Settings.from_env({name: address})
    assert address not in str(told.value)

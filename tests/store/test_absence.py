"""Why a database is away, in words that name no address, no user and no password; the errors are real ones."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from benchmarks.processes import free_port
from groq_core.store.absence import absence_reason, tells_of_absence
from tests.store.conftest import Postgres


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("team@/nothing_here?host={folder}", "its server has no database of that name"),
        ("stranger:guess@/postgres?host={folder}", "it refuses the name or password of GROQ_CORE_DATABASE"),
        ("team:guess@127.0.0.1:{closed}/postgres", "nobody answers at its address"),
        ("team@/postgres?host={folder}/nowhere", "nobody answers at its address"),
        ("team@no-such-host.invalid/postgres", "its server's name leads nowhere"),
    ],
)
def test_what_keeps_a_connection_from_coming_about_is_named(postgres: Postgres, place: str, reason: str) -> None:
    url = f"postgresql+psycopg://{place.format(folder=postgres.folder, closed=free_port())}"
    engine = create_engine(url, connect_args={"connect_timeout": 2})
    with pytest.raises(DBAPIError) as told:
        engine.connect()
    engine.dispose()

    assert absence_reason(told.value) == reason
    assert tells_of_absence(told.value)


def test_a_connection_that_is_broken_off_is_named(postgres: Postgres) -> None:
    engine = create_engine(f"postgresql+psycopg://team@/postgres?host={postgres.folder}")
    with engine.connect() as connection:
        number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with psycopg.connect(f"host={postgres.folder} user=team dbname=postgres") as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
        with pytest.raises(DBAPIError) as told:
            connection.exec_driver_sql("SELECT 1")
    engine.dispose()

    assert absence_reason(told.value) == "its server broke the connection off"

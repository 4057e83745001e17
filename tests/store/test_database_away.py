"""A database that is away for a moment: who was known goes on with what was borrowed, a stranger is told."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import Connection, Engine, event, make_url

from groq_core.settings.limits import PersonLimit
from groq_core.simulator import Simulator
from groq_core.store import allowances, database
from groq_core.store.bank import DatabaseBank
from groq_core.store.books import Books, LedgerEntry
from groq_core.store.database import Database
from groq_core.store.loans import Loan, Loans, Refused, Settlement
from groq_core.store.presence import UNAVAILABLE
from groq_core.store.team import Team
from tests.store.conftest import Postgres
from tests.store.stage import ask, eventually, sqlite_url, team_stage

DAY = PersonLimit("usd", 1.0, "day")


def set_patience(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    for module in (allowances, database):
        monkeypatch.setattr(module, "PATIENCE_S", seconds)


async def test_a_database_that_is_away_for_a_moment_keeps_nobody_out(
    postgres: Postgres, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_patience(monkeypatch, 0.5)
    async with team_stage(postgres.new_url(), simulator, GROQ_CORE_CACHE_SIZE="0") as stage:
        team = stage.core.team
        assert team is not None
        known, stranger = [
            (await team.keys.create(name, who="tests", limit="1 usd/day, 100/day")).reveal() for name in ("a", "b")
        ]
        async with stage.client(key=known) as first, stage.client(key=stranger) as second:
            answers = [await ask(first)]
            await asyncio.sleep(1.8)  # a loan that lies idle
            await asyncio.to_thread(postgres.stop, "immediate")
            try:
                answers += [await ask(first) for _ in range(5)]
                refused = await ask(second)
                set_patience(monkeypatch, 20)
                waiting = asyncio.create_task(ask(first, max_completion_tokens=60_000))
                await asyncio.sleep(0.3)
                ready = (await first.get("/ready")).json()
            finally:
                await asyncio.to_thread(postgres.start)
            answers.append(await waiting)
            assert [one.status_code for one in answers] == [200] * 7
            assert ready["database"].startswith("away")
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "limits_unavailable")
            assert int(refused.headers["retry-after"]) >= 1
            answers.append(await ask(second))
            assert answers[-1].status_code == 200

            async def is_written() -> bool:
                return sum(line.requests for line in await team.limits.books.read()) == len(answers)

            assert await eventually(is_written), "and all of it is in the ledger"
            spent = sum(line.usd for line in await team.limits.books.read())
            assert spent == pytest.approx(sum(one.json()["x_groq_core"]["cost_usd"] for one in answers))
            assert (await first.get("/ready")).json()["database"] == "in step"
            await team.keys.revoke("a", who="tests")
            assert (await ask(first)).status_code == 401, "what is remembered counts only while nobody can say"


async def test_the_page_is_told_to_come_again_with_what_is_to_be_kept(postgres: Postgres, simulator: Simulator) -> None:
    async with team_stage(postgres.new_url(), simulator) as stage, stage.client("bob") as bob:
        await asyncio.to_thread(postgres.stop, "immediate")
        try:
            for _ in range(2):  # found out, and known
                refused = await bob.get("/ui/conversations")
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
                question = {"turns": [{"role": "user", "text": "hello"}], "model": "speed"}
                assert '"e":"receipt"' in (await bob.post("/ui/chat", json=question)).text
        finally:
            await asyncio.to_thread(postgres.start)

        async def is_there() -> bool:
            return (await bob.get("/ui/conversations")).status_code == 200

        assert await eventually(is_there, 5)


async def test_a_server_that_says_nothing_holds_nobody_up_who_is_known(
    postgres: Postgres, simulator: Simulator
) -> None:
    async with team_stage(postgres.new_url(), simulator, GROQ_CORE_CACHE_SIZE="0") as stage:
        team = stage.core.team
        assert team is not None
        key = (await team.keys.create("a", who="tests", limit="1 usd/day")).reveal()
        async with stage.client(key=key) as first:
            assert (await ask(first)).status_code == 200
            group = os.getpgid(int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0]))
            os.killpg(group, signal.SIGSTOP)
            try:
                async with asyncio.timeout(12):  # some seconds to find out; the driver alone takes thirteen each time
                    codes = [(await ask(first)).status_code for _ in range(10)]
            finally:
                os.killpg(group, signal.SIGCONT)
            assert codes == [200] * 10

            async def is_there() -> bool:
                return not team.database.presence.away

            assert await eventually(is_there, 5)


class ForgetfulBank(DatabaseBank):
    """The way is cut after the commit and before its answer."""

    cut = True

    async def settle(self, number: int, changes: Sequence[Settlement]) -> None:
        await super().settle(number, changes)
        if self.cut:
            self.cut = False
            raise ConnectionError


async def test_what_was_given_back_and_not_answered_is_given_back_once(database: Database) -> None:
    bank = ForgetfulBank(database)
    loans = Loans(bank, UNAVAILABLE)
    held = await loans.take("person:ann", DAY, 0.2)
    loans.settle(held, 0.05)
    await loans.flush(everything=True)
    assert loans.away
    loans.settle(await loans.take("person:ann", DAY, 0.1), 0.1)
    await loans.flush(everything=True)
    state = await bank.state("person:ann", DAY)
    assert not loans.away
    assert (state.used, state.lent) == pytest.approx((0.15, 0.0))


async def test_a_line_of_the_ledger_whose_writing_was_not_answered_is_there_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = Books(database)
    books.note(LedgerEntry(day="2026-11-27", person="ann", key=0, model="m", requests=1, usd=0.5))
    whole = database.within

    async def forgetful(*args: object) -> object:
        monkeypatch.setattr(database, "within", whole)
        await whole(*args)  # type: ignore[arg-type]
        raise ConnectionError

    monkeypatch.setattr(database, "within", forgetful)
    await books.flush()
    assert books.away
    books.note(LedgerEntry(day="2026-11-27", person="ann", key=0, model="m", requests=1, usd=0.25))
    await books.flush()
    (line,) = await books.read()
    assert (line.requests, line.usd) == (2, 0.75)


class AbsentBank(DatabaseBank):
    """One that can be away."""

    away = False

    async def borrow(self, subject: str, limit: PersonLimit, least: float, want: float, *, spend: bool) -> Loan:
        if self.away:
            raise ConnectionError
        return await super().borrow(subject, limit, least, want, spend=spend)


async def test_who_has_nothing_left_is_told_so_though_the_database_is_away(database: Database) -> None:
    bank = AbsentBank(database)
    loans = Loans(bank, UNAVAILABLE)
    loans.settle(await loans.take("person:ann", DAY, 0.95), 0.95)
    await loans.flush()
    with pytest.raises(Refused):
        await loans.take("person:ann", DAY, 0.1)
    bank.away = True
    with pytest.raises(Refused) as refused:
        await loans.take("person:ann", DAY, 0.2)
    assert refused.value.wait_s > 60
    with pytest.raises(ConnectionError):
        await loans.take("person:ann", DAY, 0.01)  # so much may be left


async def test_a_loan_is_spent_within_its_slot_as_long_as_there_is_a_bank(database: Database) -> None:
    now = [0.0]
    bank = AbsentBank(database)
    loans = Loans(bank, UNAVAILABLE, clock=lambda: now[0])
    first = await loans.take("person:ann", DAY, 0.001)
    now[0] += 7200
    bank.away = True
    assert (await loans.take("person:ann", DAY, 0.001)).slot == first.slot
    bank.away = False
    loans.settle(first, 0.001)
    before = (await bank.state("person:ann", DAY)).used
    await loans.take("person:ann", DAY, 0.001)
    assert (await bank.state("person:ann", DAY)).used > before, "a new one"


async def answer_while_away(team: Team, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, reason: str) -> None:
    """Three are answered, and nothing says meanwhile that the database is there."""

    async def is_away() -> bool:
        return team.status() == f"away: {reason}"

    assert await eventually(is_away)
    for _ in range(3):
        assert (await ask(http)).status_code == 200
        await asyncio.sleep(0.5)
    assert "the database is there" not in caplog.messages
    assert await is_away()


async def catch_up(team: Team, requests: int) -> None:
    """It is there again, and so many requests are written."""

    async def is_in_step() -> bool:
        return team.status() == "in step"

    async def all_written() -> bool:
        return sum(line.requests for line in await team.limits.books.read()) == requests

    assert await eventually(is_in_step)
    assert await eventually(all_written)


@contextmanager
def sqlite_limit(pragma: str) -> Iterator[None]:
    """Every connection to SQLite has this limit: what a file system does to it whose disk is full or only read."""

    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(pragma)

    event.listen(Engine, "begin", limit)
    try:
        yield
    finally:
        event.remove(Engine, "begin", limit)


@pytest.mark.parametrize(
    ("pragma", "lifted", "reason"),
    [
        ("PRAGMA query_only=1", "PRAGMA query_only=0", "it may only be read"),
        ("PRAGMA max_page_count=1", "PRAGMA max_page_count=1000000", "its disk is full"),
    ],
)
async def test_a_file_that_cannot_be_written_is_away_until_it_can(
    simulator: Simulator, caplog: pytest.LogCaptureFixture, tmp_path: Path, pragma: str, lifted: str, reason: str
) -> None:
    """It was told as there and away twice a second, since it could be read."""
    caplog.set_level(logging.INFO, "groq_core.database")
    async with team_stage(sqlite_url(tmp_path / "team.db"), simulator) as stage:
        team = stage.core.team
        assert team is not None
        key = (await team.keys.create("ci", who="tests")).reveal()
        async with stage.client(key=key) as http:
            assert (await ask(http)).status_code == 200
            with sqlite_limit(pragma):
                # Large enough for no page that is there.
                with suppress(*UNAVAILABLE):
                    await team.database.within(lambda: team.people.add("x" * 60, who="tests", password="y" * 99_999))
                await answer_while_away(team, http, caplog, reason)
                assert caplog.messages.count(f"the database is away: {reason}") == 1
            with sqlite_limit(lifted):
                await catch_up(team, 4)


async def test_a_server_that_takes_no_more_writes_is_away_until_it_does(
    postgres: Postgres, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """As one does whose disk is nearly full. It was told as there and away twice a second."""
    caplog.set_level(logging.INFO, "groq_core.database")
    url = postgres.new_url()
    name = make_url(url).database

    def only_read(yes: bool) -> None:
        with psycopg.connect(f"host={postgres.folder} user=team dbname=postgres", autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {yes}".encode())
            leave = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(leave, [name])

    async with team_stage(url, simulator) as stage:
        team = stage.core.team
        assert team is not None
        key = (await team.keys.create("ci", who="tests")).reveal()
        async with stage.client(key=key) as http:
            assert (await ask(http)).status_code == 200
            only_read(True)
            await answer_while_away(team, http, caplog, "it may only be read")
        only_read(False)
        await catch_up(team, 4)


async def test_a_password_that_was_changed_under_a_server_is_told_as_one(
    postgres: Postgres, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """It was "OperationalError"; and what waits for the database said so every second."""
    caplog.set_level(logging.INFO)
    url = make_url(postgres.new_url())
    rules = postgres.folder / "data" / "pg_hba.conf"
    trusting = rules.read_text()

    def write_rules(words: str) -> None:
        rules.write_text(words)
        os.kill(int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGHUP)

    async with team_stage(url.render_as_string(hide_password=False), simulator) as stage:
        team = stage.core.team
        assert team is not None

        async def is_refused() -> bool:
            return team.status() == "away: it refuses the name or password of GROQ_CORE_DATABASE"

        async def is_there() -> bool:
            return team.status() == "in step"

        with psycopg.connect(f"host={postgres.folder} user=team dbname=postgres", autocommit=True) as connection:
            write_rules(trusting.replace("trust", "scram-sha-256"))
            try:
                leave = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                await asyncio.sleep(0.5)  # until it has read the rules
                connection.execute(leave, [url.database])
                assert await eventually(is_refused)
                await asyncio.sleep(2.5)
            finally:
                write_rules(trusting)
        assert await eventually(is_there)
    told = [message for message in caplog.messages if "away" in message or "batches wait" in message]
    assert len(told) == len(set(told)), told
    assert not [message for message in told if "team" in message]

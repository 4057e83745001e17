"""The doctor: every fault named, with its mend, and status 1 where a request would find nobody."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.processes import free_port
from groq_core.cli import main
from groq_core.cli.doctor_state import database_line, redis_line, secret_line
from groq_core.redaction import Secret
from tests.requires import needs
from tests.store.conftest import Postgres, postgres, redis
from tests.store.replicas import Redis

__all__ = ["postgres", "redis"]

Output = pytest.CaptureFixture[str]
KEY = "gsk_a_key_that_is_nobody_s_business"


@contextmanager
def upstream(status: int, body: bytes, kind: str = "application/json") -> Iterator[str]:
    """A server that says the same to everybody."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Output) -> Doctor:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADIO_SERVER_PORT", "0")
    return Doctor(monkeypatch, capsys)


class Doctor:
    """Runs it with these variables; gives its lines by their first word, and its status."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: Output) -> None:
        self._patch, self._capsys = patch, capsys

    def __call__(self, **environ: str) -> tuple[dict[str, str], int]:
        for name, text in environ.items():
            self._patch.setenv(name, text)
        status = main(["doctor"])
        said = self._capsys.readouterr()
        assert KEY not in said.out + said.err
        return {line.split()[0]: line for line in said.out.splitlines()}, status


MODELS = b'{"object": "list", "data": [{"id": "openai/gpt-oss-20b", "object": "model", "active": true}]}'
REFUSED = b'{"error": {"message": "Invalid API Key", "type": "invalid_request_error", "code": "invalid_api_key"}}'
SPENT = b'{"error": {"message": "You exceeded your current quota", "type": "insufficient_quota"}}'


@pytest.mark.parametrize(
    ("status", "body", "kind", "words", "code"),
    [
        pytest.param(200, MODELS, "application/json", ["answers and lists 1 models"], 0, id="well"),
        pytest.param(
            401, REFUSED, "application/json", ["Invalid API Key", "refused", "GROQ_API_KEY"], 1, id="refused key"
        ),
        pytest.param(
            404, b"<html>nginx</html>", "text/html", ["Something else", "GROQ_BASE_URL"], 1, id="wrong base URL: 404"
        ),
        pytest.param(
            200, b"<html>hello</html>", "text/html", ["Something else", "GROQ_BASE_URL"], 1, id="wrong base URL: a page"
        ),
        pytest.param(500, b"{}", "application/json", ["trouble of its own"], 1, id="the server's own trouble"),
        pytest.param(
            200, b'{"data": []}', "application/json", ["lists no models", "GROQ_BASE_URL"], 1, id="nothing is listed"
        ),
    ],
)
def test_groq_is_asked_and_what_is_wrong_is_named(
    told: Doctor, status: int, body: bytes, kind: str, words: list[str], code: int
) -> None:
    with upstream(status, body, kind) as url:
        lines, left = told(GROQ_API_KEY=KEY, GROQ_BASE_URL=url)

    assert [word for word in words if word not in lines["groq"]] == []
    assert left == code


def test_a_dead_network_is_named_and_a_backup_makes_up_for_it(told: Doctor) -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    lines, left = told(GROQ_API_KEY=KEY, GROQ_BASE_URL=dead)
    assert "Nobody answers there" in lines["groq"]
    assert "HTTPS_PROXY" in lines["groq"]
    assert left == 1
    with upstream(200, MODELS) as url:
        lines, left = told(OPENAI_BASE_URL=f"{url}/v1", GROQ_CORE_OPENAI_MODEL="openai/gpt-oss-20b")
    assert "answers and lists 1 models" in lines["backup"]
    assert left == 0


def test_what_is_missing_on_this_machine_is_named(
    told: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port: int = taken.getsockname()[1]
        lines, left = told(GRADIO_SERVER_PORT=str(port))

    assert "not found" in lines["ffmpeg"]
    assert f"something else listens on 127.0.0.1:{port}" in lines["port"]
    assert re.search(r"set GRADIO_SERVER_PORT=\d+, which is free", lines["port"])
    assert left == 0, "a request would be answered"


def test_a_state_folder_that_cannot_be_made_is_named_with_the_setting(told: Doctor, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    lines, _ = told(XDG_STATE_HOME=str(tmp_path / "file"))

    assert "cannot be written" in lines["state"]
    assert "Set GROQ_CORE_STATE_DIR" in lines["state"]
    lines, _ = told(XDG_STATE_HOME=str(tmp_path))
    assert lines["state"].endswith(str(tmp_path / "groq-core"))


def test_a_team_s_state_is_asked_without_hiding_the_rest(told: Doctor, tmp_path: Path) -> None:
    lines, left = told(
        GROQ_CORE_DATABASE=f"sqlite:///{tmp_path}/none/team.db",
        GROQ_CORE_REDIS_URL=f"redis://:pw@127.0.0.1:{free_port()}",
    )
    assert "cannot be used" in lines["database"]
    assert "GROQ_CORE_DATABASE" in lines["database"]
    assert "goes on alone" in lines["redis"]
    assert "pw" not in lines["redis"]
    assert "mode" in lines
    assert left == 1, "a server would not start"

    lines, left = told(GROQ_CORE_DATABASE=f"sqlite:///{tmp_path}/team.db")
    assert "the start makes them" in lines["database"]
    assert not (tmp_path / "team.db").exists(), "it only looks"
    assert left == 0
    (tmp_path / "team.db").write_bytes(b"this is no database, however one looks at it" * 40)
    lines, left = told()
    assert "not a database" in lines["database"]
    assert left == 1


@needs("redis-server")
async def test_redis_answers_is_read_only_or_refuses(redis: Redis) -> None:
    import redis.asyncio as client

    assert "answers and can be written" in await redis_line(Secret(redis.url))
    async with client.Redis.from_url(redis.url) as admin:
        await admin.replicaof("127.0.0.1", 1)
        assert "may only be read" in await redis_line(Secret(redis.url))
        await admin.replicaof("NO", "ONE")
        await admin.config_set("requirepass", "another")
    wrong = redis.url.replace("redis://", "redis://:guess@")
    said = await redis_line(Secret(wrong))
    assert "refuses the password" in said
    assert "guess" not in said


async def test_postgresql_s_tables_are_up_to_date_once_it_has_begun(postgres: Postgres) -> None:
    from groq_core.store.database import open_database

    url = Secret(postgres.empty_url())
    line, usable = await database_line(url)
    assert usable
    assert "the start makes them" in line
    async with open_database(url):
        pass
    line, usable = await database_line(url)
    assert usable
    assert "up to date" in line


async def leave_mark(url: str, secret: str | None) -> None:
    from groq_core.store.database import open_database
    from groq_core.store.secret_mark import SecretMark

    async with open_database(Secret(url)) as database:
        await SecretMark(database, Secret(secret) if secret else None).leave()


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        pytest.param("one secret of sixteen", "one secret of sixteen", "sessions were signed with it since", id="same"),
        pytest.param("one secret of sixteen", "another secret of it", "everybody signs in anew", id="another"),
        pytest.param("one secret of sixteen", None, "not set: servers signed with one of mark", id="taken away"),
        pytest.param(None, "one secret of sixteen", "with one that each made at its start", id="new"),
        pytest.param(None, None, "stranger after the next start", id="none"),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_which_secret_sessions_were_signed_with_is_told_without_showing_it(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, before: str | None, now: str | None, words: str
) -> None:
    url = f"sqlite:///{tmp_path}/team.db"
    if kind == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_url()
    assert "since" not in await secret_line(Secret(now) if now else None, Secret(url)), "nobody has started yet"
    assert not (tmp_path / "team.db").exists(), "it only looks"
    await leave_mark(url, "an older one, which no longer counts")
    await leave_mark(url, before)
    line = await secret_line(Secret(now) if now else None, Secret(url))

    assert words in line
    assert "secret of" not in line


async def test_a_new_secret_is_told_at_the_start_and_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"sqlite:///{tmp_path}/team.db"
    for secret in (None, "one secret of sixteen", "one secret of sixteen"):
        await leave_mark(url, secret)
    assert not caplog.records
    for _ in range(2):
        await leave_mark(url, "another secret of it")
    (record,) = caplog.records
    assert "everybody has to sign in anew" in record.getMessage()
    assert "secret of" not in record.getMessage()

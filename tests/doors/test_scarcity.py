"""A machine that has run out of something: a clear error, nothing half-written, and all is well afterwards."""

from __future__ import annotations

import os
import random
import resource
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.doors.scarce import KILL, TERM, alone, files, mount_command, small_disk
from tests.forks.start import Bounds
from tests.requires import lack, only_where

pytestmark = [
    pytest.mark.usefixtures("forks"),
    only_where(sys.platform == "linux", "limits and mounts of Linux"),
]

SEED = int(os.environ.get("GROQ_SEED", "16"))
"""Read before the tests' environment is cleaned of whatever is called like a setting."""

TABLE = b"n,text\n" + b"".join(b"%d,What is %d?\n" % (n, n) for n in range(400))
ASK = {"prompt": "{text}", "max_tokens": 20}
QUESTION = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.timeout(240)
def test_a_full_disk_is_said_and_half_a_file_is_none(tmp_path: Path) -> None:
    with alone(tmp_path, **small_disk(tmp_path, 2)) as house:  # type: ignore[arg-type]
        page = house.page()
        before = files(house, tmp_path)
        table = house.http.post("ui/batch?name=a.csv", content=b"a\n" + (b"x" * 60 + b"\n") * 50_000, headers=page)
        lines = {"file": ("a.jsonl", b"{}\n" * 1_400_000)}
        file = house.http.post("v1/files", files=lines, data={"purpose": "batch"})
        during = files(house, tmp_path)
        answered = house.http.post("v1/chat/completions", json=QUESTION)
        small = house.http.post("ui/batch?name=a.csv", content=b"a\n1\n", headers=page)
        kept = house.http.post("v1/files", files={"file": ("a.jsonl", b"{}\n")}, data={"purpose": "batch"})

        assert (table.status_code, file.status_code) == (507, 507)
        assert int(table.headers["retry-after"]) >= 1
        assert file.json()["error"]["code"] == "disk_full"
        assert int(file.headers["retry-after"]) >= 1
        assert during == before
        assert (answered.status_code, small.status_code, kept.status_code) == (200, 200, 200)
        assert house.end(TERM) == 0


@pytest.mark.timeout(240)
def test_answers_that_find_no_room_are_whole_and_go_on_when_there_is(tmp_path: Path) -> None:
    with alone(tmp_path, **small_disk(tmp_path, 1)) as house:  # type: ignore[arg-type]
        page = house.page()
        ident = house.http.post("ui/batch?name=a.csv", content=TABLE, headers=page).json()["id"]
        filler = [
            house.http.post("v1/files", files={"file": ("a.jsonl", b"{}\n" * 50_000)}, data={"purpose": "batch"})
            for _ in range(8)
        ]
        heard = house.http.post(f"ui/batch/{ident}/run", json=ASK, headers=page).text
        if '"over":true' not in heard:  # a bound on every file is met by the next test alone
            assert "the disk is full" in heard
            for one in filler:
                if one.status_code == 200:
                    house.http.delete(f"v1/files/{one.json()['id']}")
            heard = house.http.post(f"ui/batch/{ident}/run", json=ASK, headers=page).text
        answers = house.http.post(f"ui/batch/{ident}/jsonl", json=ASK, headers=page).text.splitlines()

    assert '"over":true' in heard
    assert len(answers) == 400
    assert all(line.startswith('{"id"') and line.endswith("}") for line in answers)


@pytest.mark.timeout(240)
def test_a_home_that_cannot_be_written_leaves_everything_else_working(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    mounts = [f"mount -t tmpfs -o ro tmpfs '{tmp_path / 'state'}'"] if mount_command() else []
    if not mounts:
        (tmp_path / "state").rmdir()
        (tmp_path / "state").write_text("a file where a folder should be")
    elsewhere = {} if mounts else {"GROQ_CORE_STATE_DIR": str(tmp_path / "state" / "inside")}
    with alone(tmp_path, mounts=mounts, **{"HOME": str(tmp_path / "state"), **elsewhere}) as house:  # type: ignore[arg-type]
        page = house.page()
        answered = house.http.post("v1/chat/completions", json=QUESTION)
        table = house.http.post("ui/batch?name=a.csv", content=b"a\n1\n", headers=page)
        file = house.http.post("v1/files", files={"file": ("a.jsonl", b"{}\n")}, data={"purpose": "batch"})

    assert answered.status_code == 200
    assert table.status_code == 200, "tables live in the temporary folder then"
    assert file.status_code == 503
    assert "GROQ_CORE_STATE_DIR" in file.json()["error"]["hint"]


@pytest.mark.timeout(240)
def test_without_a_temporary_folder_it_starts_and_answers(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    if not mount_command():
        lack("needs a mount of its own, which nobody may make here", promised=False)
    # The test's own folder is below /tmp, so what is to be seen of it is put somewhere else first.
    mounts = [
        "mkdir -p /mnt",
        f"mount --bind '{tmp_path}' /mnt",
        *(f"mount -t tmpfs -o ro tmpfs {place}" for place in ("/tmp", "/var/tmp")),
        "cd /",
    ]
    with alone(tmp_path, mounts=mounts, GROQ_CORE_STATE_DIR="/mnt/state", TMPDIR="/nowhere") as house:
        answered = house.http.post("v1/chat/completions", json=QUESTION)
        page = house.http.get("")
        table = house.http.post("ui/batch?name=a.csv", content=b"a\n1\n", headers=house.page())

    assert (answered.status_code, page.status_code, table.status_code) == (200, 200, 200)


@pytest.mark.timeout(240)
def test_at_64_descriptors_health_answers_and_nobody_is_reset(tmp_path: Path) -> None:
    with alone(tmp_path, limits=Bounds({resource.RLIMIT_NOFILE: 64})) as house:
        port = int(house.url.rpartition(":")[2])
        half = socket.create_connection(("127.0.0.1", port))
        half.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 51\r\n\r\n")
        crowd = []
        for _ in range(100):
            with suppress(OSError):
                crowd.append(socket.create_connection(("127.0.0.1", port), timeout=5))
        healthy = [httpx.get(f"{house.url}/health", timeout=30).status_code for _ in range(5)]
        half.sendall(b'{"messages":[{"role":"user","content":"hi"}]}      ')
        half.settimeout(60)
        said = half.recv(65536)
        for one in (half, *crowd):
            one.close()
        time.sleep(0.5)
        document = house.http.post("ui/document?name=a.eml", content=b"Subject: a\n\nhi", headers=house.page())

    assert healthy == [200] * 5
    assert b" 200 " in said[:20]
    assert document.status_code in (200, 503)


@pytest.mark.timeout(240)
def test_a_bound_on_memory_ends_requests_and_not_the_process(tmp_path: Path) -> None:
    with alone(tmp_path, GROQ_CORE_MAX_BYTES_IN_FLIGHT="2GiB") as house:
        status = Path(f"/proc/{house.process.pid}/status").read_text("ascii")
        used = int(next(line for line in status.splitlines() if line.startswith("VmSize")).split()[1]) * 1024
        bound = used + 150 * 2**20
        resource.prlimit(house.process.pid, resource.RLIMIT_AS, (bound, bound))
        statuses = []
        for size in (30, 40, 47):
            text = b"x" * (size * 2**20)
            body = b'{"messages":[{"role":"user","content":"' + text + b'"}]}'
            with suppress(httpx.TransportError):
                statuses.append(house.http.post("v1/chat/completions", content=body).status_code)
        after = house.http.post("v1/chat/completions", json=QUESTION).status_code
        healthy = house.http.get("health").status_code

    assert all(status < 500 or status in (503, 507) for status in statuses), statuses
    assert (after, healthy) == (200, 200)


@pytest.mark.timeout(400)
def test_killed_at_any_moment_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """Random moments, and at the end everything is there once: the seed is told when it fails."""
    chance = random.Random(SEED)
    page: dict[str, str] = {}
    ident = ""
    for number in (KILL, TERM, KILL):
        with alone(tmp_path) as house:
            page = page or house.page()
            ident = ident or house.http.post("ui/batch?name=a.csv", content=TABLE, headers=page).json()["id"]
            looked = house.http.post(f"ui/batch/{ident}/look", headers=page)
            assert looked.status_code == 200, (SEED, looked.text)
            stranger = house.http.post(f"ui/batch/{ident}/look", headers=house.page())
            assert stranger.status_code == 404
            with house.http.stream("POST", f"ui/batch/{ident}/run", json=ASK, headers=page) as run:
                ends = time.monotonic() + chance.random()
                for _ in run.iter_lines():
                    if time.monotonic() > ends:
                        break
                status = house.end(number)
            assert number == KILL or status == 0
    (tmp_path / "state" / "tables" / f"groq-core-batch-{2**22 + 7}-left").mkdir()  # beyond every process's number
    with alone(tmp_path) as house:
        heard = house.http.post(f"ui/batch/{ident}/run", json=ASK, headers=page).text
        answers = house.http.post(f"ui/batch/{ident}/jsonl", json=ASK, headers=page).text.splitlines()
        table = house.http.post(f"ui/batch/{ident}/csv", json=ASK, headers=page).text.splitlines()
        left = [path.name for path in (tmp_path / "state" / "tables").iterdir()]

    assert '"over":true' in heard, SEED
    assert len(answers) == len({line.partition('"custom_id":')[2].partition(",")[0] for line in answers}) == 400
    assert len(table) == 401
    assert left == [ident]

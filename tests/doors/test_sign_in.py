"""People sign in: the form, the session, wrong guesses, signing out, and a file that changes."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from groq_core.access import passwords
from groq_core.access.passwords import UserFile, hash_password
from groq_core.access.sessions import SESSION_S, Sessions
from groq_core.access.throttle import LocalThrottle
from groq_core.redaction import Secret
from tests.doors.stage import house, new_pass

BROWSER = {"accept": "text/html,application/xhtml+xml"}
ANN = {"name": "ann", "password": "open sesame"}


def write_users(folder: Path) -> Path:
    file = folder / "users"
    file.write_text(f"ann:{hash_password('open sesame')}\nbob:{hash_password('swordfish')}\n")
    return file


@pytest.fixture(scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A house where people sign in, and programs have a token."""
    users = write_users(tmp_path_factory.mktemp("team"))
    async with house(GROQ_CORE_AUTH_FILE=str(users), GROQ_CORE_API_TOKENS="gck-1") as (client, _):
        yield str(client.base_url)


@pytest.fixture
async def client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
        yield client


async def test_a_browser_gets_a_form_and_a_program_is_asked_for_basic(client: httpx.AsyncClient) -> None:
    form = await client.get("", headers=BROWSER)
    program = await client.get("")

    assert (form.status_code, program.status_code) == (401, 401)
    assert 'action="login"' in form.text
    assert "www-authenticate" not in form.headers
    assert program.headers["www-authenticate"].startswith("Basic")


async def test_a_session_stands_for_the_password(client: httpx.AsyncClient) -> None:
    signed_in = await client.post("login", data=ANN)
    page = await client.get("", headers=BROWSER)
    asked = await client.post("ui/chat", headers=await new_pass(client), json={"turns": []})

    cookie = signed_in.headers["set-cookie"].lower()
    assert signed_in.status_code == 303
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert "open sesame" not in cookie
    assert page.status_code == 200
    assert asked.status_code == 200


async def test_behind_https_the_cookie_is_secure(client: httpx.AsyncClient) -> None:
    signed_in = await client.post("login", data=ANN, headers={"x-forwarded-proto": "https"})

    assert "secure" in signed_in.headers["set-cookie"].lower()


async def test_signing_out_ends_the_session_itself(client: httpx.AsyncClient) -> None:
    await client.post("login", data=ANN)
    kept = client.cookies["groq_core_session"]
    await client.post("logout")
    again = await client.get("", headers={**BROWSER, "cookie": f"groq_core_session={kept}"})

    assert again.status_code == 401


async def test_with_sign_in_strangers_get_nothing_of_the_api(client: httpx.AsyncClient) -> None:
    for path in ("v1/models", "v1/status", "metrics", "_simulator/faults", "config", "ui/pass", "gradio_api/info"):
        assert (await client.get(path)).status_code == 401, path
    assert (await client.get("health")).status_code == 200
    assert (await client.get("ready")).status_code == 200


async def test_a_token_opens_gradios_endpoints_and_not_the_page(client: httpx.AsyncClient) -> None:
    token = {"authorization": "Bearer gck-1"}
    called = await client.post("gradio_api/call/chat", json={"data": ["hi", "auto"]}, headers=token)
    page = await client.get("ui/pass", headers=token)

    assert (called.status_code, page.status_code) == (200, 401)


async def test_wrong_guesses_wait_and_nobody_else_does(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    async def guess(password: str, address: str, name: str = "ann") -> httpx.Response:
        return await client.get("", auth=(name, password), headers={"x-forwarded-for": address})

    statuses = [(await guess(f"wrong-{number}", "203.0.113.5")).status_code for number in range(6)]
    right_but_late = await guess("open sesame", "203.0.113.5")
    elsewhere = await guess("open sesame", "203.0.113.6")
    somebody_else = await guess("swordfish", "203.0.113.5", name="bob")
    form = await client.post("login", data=ANN, headers={"x-forwarded-for": "203.0.113.5", **BROWSER})

    assert statuses == [401] * 5 + [429]
    assert right_but_late.status_code == 429
    assert int(right_but_late.headers["retry-after"]) >= 1
    assert (elsewhere.status_code, somebody_else.status_code) == (200, 200)
    assert form.status_code == 429
    lines = [record.getMessage() for record in caplog.records if record.name == "groq_core.sign_in"]
    assert lines.count("sign-in failed from 203.0.113.5") == 5
    assert not any("wrong-" in line for line in lines)


async def test_names_are_tried_from_one_address_a_few_times_only(client: httpx.AsyncClient) -> None:
    address = {"x-forwarded-for": "203.0.113.77"}
    statuses = [
        (await client.get("", auth=(f"name{number}", "x"), headers=address)).status_code for number in range(27)
    ]

    assert statuses[:25] == [401] * 25
    assert statuses[-1] == 429


async def test_the_waits_grow_and_end() -> None:
    now = 0.0
    throttle = LocalThrottle(lambda: now)
    waits = []
    for _ in range(8):
        await throttle.fail("ann")
        waits.append(await throttle.wait_s("ann"))
        now += waits[-1]

    assert waits == [0, 0, 0, 0, 5, 10, 20, 40]
    await throttle.forgive("ann")
    assert await throttle.wait_s("ann") == 0


def test_the_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    users = write_users(tmp_path)
    now = 0.0
    people = UserFile(users, lambda: now)
    assert people.hash_of("eve") is None

    users.write_text(users.read_text() + f"eve:{hash_password('apple')}\n")
    now += passwords.LOOK_S
    assert people.hash_of("eve") is not None

    users.write_text("nonsense")
    now += passwords.LOOK_S
    assert people.hash_of("eve") is not None, "a file that cannot be read leaves the last good one in force"

    users.write_text(f"bob:{hash_password('swordfish')}\n")
    now += passwords.LOOK_S
    assert people.hash_of("eve") is None


async def test_a_session_ends_by_time_by_a_new_password_and_with_the_person() -> None:
    now, kept = 1_000_000.0, {"ann": "hash-1"}
    sessions = Sessions(Secret("s"), kept.get, clock=lambda: now)
    session = sessions.issue("ann")

    assert await sessions.person(session) == "ann"
    assert await Sessions(Secret("s"), kept.get, clock=lambda: now).person(session) == "ann", "another replica"
    assert await Sessions(Secret("t"), kept.get, clock=lambda: now).person(session) is None
    kept["ann"] = "hash-2"
    assert await sessions.person(session) is None
    kept["ann"] = "hash-1"
    now += SESSION_S
    assert await sessions.person(session) is None
    now -= SESSION_S
    del kept["ann"]
    assert await sessions.person(session) is None


@pytest.mark.parametrize("ahead", [86_400, 400 * 86_400])
@pytest.mark.parametrize("behind_at_sign_out", [0, 20 * 86_400, -20 * 86_400])
async def test_who_signed_out_is_out_whatever_the_clock_said(ahead: int, behind_at_sign_out: int) -> None:
    now = 1_000_000.0 + ahead
    sessions = Sessions(Secret("s"), {"ann": "hash"}.get, clock=lambda: now)
    session = sessions.issue("ann")
    now -= behind_at_sign_out
    await sessions.end(session)
    now = 1_000_000.0
    for _ in range(0, ahead // 86_400 + 9, 4):
        assert await sessions.person(session) is None
        now += 4 * 86_400


@pytest.mark.parametrize("text", ["", "a.b.c.d", "....", "YW5u.99999999999.x.y", "é.1.x.y", "x" * 5000, "YW5u.²³.x.y"])
async def test_a_made_up_session_opens_nothing(text: str) -> None:
    assert await Sessions(None, lambda name: "hash").person(text) is None


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:1", "/\n/x"]
)
async def test_signing_in_leads_nowhere_else(client: httpx.AsyncClient, target: str) -> None:
    response = await client.post("login", data={**ANN, "next": target})

    assert response.headers["location"] == "./"


async def test_another_site_can_sign_nobody_in_or_out(client: httpx.AsyncClient) -> None:
    for path in ("login", "logout"):
        response = await client.post(path, data=ANN, headers={"origin": "https://evil.example"})
        assert response.status_code == 403

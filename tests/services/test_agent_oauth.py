"""OAuth towards MCP servers, against a real authorization server and a real MCP server on loopback."""

from __future__ import annotations

import asyncio
import json
import logging
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from groq_core.errors import RequestError
from groq_core.services.agent.mcp_server import remote_tools
from groq_core.services.agent.oauth import ClientCredentials
from groq_core.services.agent.servers import McpServer, operator_servers, server_tools
from groq_core.services.agent.sign_in import BrowserSignIn
from groq_core.services.logins import FileLogins, MemoryLogins
from groq_core.settings.settings import Settings
from tests.services.oauth_server import CLIENT, SECRET, Authority, Guarded, serve_guarded
from tests.serving import listening


@pytest.fixture
async def authority() -> Authority:
    return Authority()


@pytest.fixture
async def lab(authority: Authority) -> AsyncIterator[Guarded]:
    async with serve_guarded(authority) as lab:
        yield lab


class Browser:
    """Goes where it is sent, in a task of its own, and follows redirects as a browser does."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.pages: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def invite(self, address: str) -> None:
        self.opened.append(address)
        self._tasks.add(asyncio.create_task(self._visit(address)))

    async def _visit(self, address: str) -> None:
        async with httpx.AsyncClient(follow_redirects=True) as browser:
            self.pages.append((await browser.get(address)).text)


async def measure(server: McpServer) -> object:
    async with server_tools([server], "measure") as tools:
        return await tools[0].call({"sample": "A"})


def by_person(authority: Authority, sign_in: BrowserSignIn) -> McpServer:
    return McpServer(name="lab", address=authority.resource, authorize=sign_in.authorize(authority.resource))


def settings_of(authority: Authority, **changed: str) -> Settings:
    given = {"client_id": CLIENT, "client_secret": SECRET, "issuer": authority.issuer, **changed}
    return Settings.from_env(
        {"GROQ_CORE_MCP_SERVERS": f"lab={authority.resource}", "GROQ_CORE_MCP_OAUTH": json.dumps({"lab": given})}
    )


# ── the operator's credentials ───────────────────────────────────────────────────────────────────────


async def test_the_operators_credentials_bring_a_token_that_is_used_until_it_ends(
    authority: Authority, lab: Guarded
) -> None:
    logins = MemoryLogins()
    for _ in range(2):
        (server,) = operator_servers(settings_of(authority), logins)
        assert await measure(server) == "A: 7.2"
    assert authority.asked == ["client_credentials"]

    authority.tokens.clear()
    assert await measure(server) == "A: 7.2"

    assert authority.asked == ["client_credentials"] * 2


async def test_credentials_are_shown_to_their_own_issuer_alone(authority: Authority, lab: Guarded) -> None:
    (server,) = operator_servers(settings_of(authority, issuer="https://auth.example"))

    with pytest.raises(RequestError, match="issuer") as caught:
        await measure(server)

    assert authority.asked == []
    assert SECRET not in str(caught.value)


async def test_wrong_credentials_are_told_without_them(
    authority: Authority, lab: Guarded, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (server,) = operator_servers(settings_of(authority, client_secret="wrong-secret-77"))

    with pytest.raises(RequestError, match="cannot be used: OAuthTokenError") as caught:
        await measure(server)

    assert "wrong-secret-77" not in f"{caught.value} {server} {caplog.text}"


async def test_a_visitors_own_token_takes_the_place_of_the_operators_credentials(
    authority: Authority, lab: Guarded
) -> None:
    authority.tokens.add("visitors-token")
    (server,) = operator_servers(settings_of(authority))

    assert await measure(server.with_token("Bearer visitors-token", "tokens")) == "A: 7.2"
    with pytest.raises(RequestError, match="401"):
        await measure(server.with_token("nobodys-token", "tokens"))

    assert authority.asked == []
    assert {"visitors-token", "nobodys-token"} == set(lab.seen)


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        '{"lab": {"client_id": "a"}}',
        '{"lab": {"client_id": "a", "client_secret": "b", "issuer": "ftp://x"}}',
        '{"lab": {"client_id": "a", "client_secret": "b", "issuer": "https://x", "more": "c"}}',
        '{"lab": {"client_id": "a", "client_secret": 5, "issuer": "https://x"}}',
        '{"lab": "token"}',
    ],
)
def test_a_setting_that_cannot_be_used_stops_the_start_and_is_not_shown(text: str) -> None:
    with pytest.raises(Exception, match="GROQ_CORE_MCP_OAUTH") as caught:
        Settings.from_env({"GROQ_CORE_MCP_OAUTH": text})

    assert "client_id" in str(caught.value)
    assert text not in str(caught.value)


def test_credentials_hide_themselves() -> None:
    given = ClientCredentials(client_id="us", client_secret="8f1c-hidden", issuer="https://auth.example")

    assert "8f1c-hidden" not in repr(given)


# ── a person's sign-in ───────────────────────────────────────────────────────────────────────────────


async def test_a_person_signs_in_with_their_browser(authority: Authority, lab: Guarded) -> None:
    browser = Browser()
    server = by_person(authority, BrowserSignIn(logins=MemoryLogins(), invite=browser.invite, seconds=20))

    assert await measure(server) == "A: 7.2"

    assert authority.asked == ["register", "authorize", "authorization_code"]
    (address,) = browser.opened
    assert urlsplit(parse_qs(urlsplit(address).query)["redirect_uri"][0]).hostname == "127.0.0.1"
    assert "Signed in" in browser.pages[0]


async def test_a_sign_in_is_kept_only_where_it_is_asked_for(authority: Authority, lab: Guarded, tmp_path: Path) -> None:
    browser, path = Browser(), tmp_path / "state" / "mcp-logins.json"
    kept = BrowserSignIn(logins=FileLogins(path), invite=browser.invite, seconds=20)

    for _ in range(2):
        assert await measure(by_person(authority, kept)) == "A: 7.2"
        assert (
            await measure(by_person(authority, BrowserSignIn(logins=MemoryLogins(), invite=browser.invite))) == "A: 7.2"
        )

    assert len(browser.opened) == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]


async def test_a_kept_token_that_has_ended_is_renewed_where_it_came_from_without_the_person(
    authority: Authority, lab: Guarded, tmp_path: Path
) -> None:
    browser, authority.lasting = Browser(), 5
    sign_in = BrowserSignIn(logins=FileLogins(tmp_path / "logins.json"), invite=browser.invite, seconds=20)
    await measure(by_person(authority, sign_in))
    authority.tokens.clear()

    assert await measure(by_person(authority, sign_in)) == "A: 7.2"

    assert authority.asked == ["register", "authorize", "authorization_code", "refresh_token"]


async def test_a_port_that_is_taken_is_registered_anew(authority: Authority, lab: Guarded, tmp_path: Path) -> None:
    browser = Browser()
    sign_in = BrowserSignIn(logins=FileLogins(tmp_path / "logins.json"), invite=browser.invite, seconds=20)
    await measure(by_person(authority, sign_in))
    authority.tokens.clear()
    authority.refreshable.clear()
    port = urlsplit(parse_qs(urlsplit(browser.opened[0]).query)["redirect_uri"][0]).port
    assert port is not None

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...

    async with listening(silent, port=port):
        assert await measure(by_person(authority, sign_in)) == "A: 7.2"

    assert authority.asked.count("register") == 2


async def test_a_refusal_is_told(authority: Authority, lab: Guarded) -> None:
    authority.refuses = True
    server = by_person(authority, BrowserSignIn(logins=MemoryLogins(), invite=Browser().invite, seconds=20))

    with pytest.raises(RequestError, match="the server refused the sign-in: access_denied"):
        await measure(server)


async def test_nobody_signing_in_is_told(authority: Authority, lab: Guarded) -> None:
    async def nobody(_: str) -> None:
        pass

    server = by_person(authority, BrowserSignIn(logins=MemoryLogins(), invite=nobody, seconds=0.2))

    with pytest.raises(RequestError, match=r"nobody signed in within 0\.2 s"):
        await measure(server)


async def test_an_answer_with_another_state_is_not_taken(authority: Authority, lab: Guarded) -> None:
    async def forge(address: str) -> None:
        back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        async with httpx.AsyncClient() as attacker:
            assert (await attacker.get(back.replace("/callback", "/"))).status_code == 404
            await attacker.get(f"{back}?code=stolen&state=forged")

    server = by_person(authority, BrowserSignIn(logins=MemoryLogins(), invite=forge, seconds=20))

    with pytest.raises(RequestError, match="State parameter mismatch"):
        await measure(server)
    assert "authorization_code" not in authority.asked


async def test_without_a_sign_in_the_status_is_told(authority: Authority, lab: Guarded) -> None:
    with pytest.raises(RequestError, match="it answered HTTP 401"):
        async with remote_tools(authority.resource):
            pass

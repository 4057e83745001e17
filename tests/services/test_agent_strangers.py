"""MCP servers that visitors bring along: only where they are allowed, and never into the operator's network."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from groq_core.errors import RequestError
from groq_core.services.agent.mcp_server import remote_tools
from groq_core.services.agent.servers import server_tools
from groq_core.services.agent.strangers import (
    Allowed,
    NotPublicError,
    allowed_by,
    guarded_transport,
    is_public,
    public_address,
    strangers_server,
)
from groq_core.settings.settings import Settings
from tests.services.oauth_server import Authority, serve_guarded
from tests.serving import listening

ANYWHERE = Allowed(anywhere=True)


def test_nobody_brings_a_server_unless_the_operator_says_so() -> None:
    allowed = allowed_by(Settings.from_env({}).mcp_visitors)

    with pytest.raises(RequestError, match="takes no MCP servers of visitors") as caught:
        strangers_server(allowed, 1, "https://mcp.example/mcp", {})
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "cannot be used"),
        ("mcp.example/mcp", "cannot be used"),
        ("file:///etc/passwd", "cannot be used"),
        ("https://", "cannot be used"),
        ("https://mcp.example:99999/", "cannot be used"),
        ("https://[::1", "cannot be used"),
        ("https://mcp.example/\r\nx: y", "cannot be used"),
        ("https://mcp.example/" + "a" * 3_000, "cannot be used"),
        ("http://mcp.example/mcp", "not reached by https"),
        ("https://us:secret@mcp.example/mcp", "holds a password"),
        ("https://mcp.example/mcp#x", "holds a password or a fragment"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_being_repeated(address: str, why: str) -> None:
    with pytest.raises(RequestError, match=why) as caught:
        strangers_server(ANYWHERE, 1, address, {})

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://localhost/mcp",
        "https://127.0.0.1/mcp",
        "https://127.1/mcp",
        "https://2130706433/mcp",
        "https://0x7f.1/mcp",
        "https://0.0.0.0/mcp",
        "https://[::1]/mcp",
        "https://[::ffff:127.0.0.1]/mcp",
        "https://[64:ff9b::7f00:1]/mcp",
        "https://10.0.0.1/mcp",
        "https://192.168.1.1/mcp",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/mcp",
        "https://[fd00::1]/mcp",
        "https://[fe80::1]/mcp",
        "https://224.0.0.1/mcp",
    ],
)
async def test_no_address_leads_into_the_operators_network(address: str) -> None:
    server = strangers_server(ANYWHERE, 1, address, {})

    with pytest.raises(RequestError, match=r"it is not at a public address|no server has that name"):
        async with server_tools([server], "go"):
            pass


NOT_PUBLIC = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
    "::1/128", "::/128", "::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/32", "2001:2::/48",
    "2001:10::/28", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10",
    "ff00::/8",
]  # fmt: skip
"""Of IANA's special-purpose registries, what is not globally reachable; multicast; and tunnels that are given up."""


@pytest.mark.parametrize("block", NOT_PUBLIC)
def test_no_address_of_a_special_block_is_public_on_any_python(block: str) -> None:
    network = ipaddress.ip_network(block)
    places = {0, 1, network.num_addresses // 3, network.num_addresses - 1}

    assert [
        str(network[place]) for place in places if place < network.num_addresses and is_public(str(network[place]))
    ] == []
    if network.version == 4:
        for address in (network[0], network[-1]):
            assert not is_public(f"::ffff:{address}")
            assert not is_public(str(ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(address))))


@pytest.mark.parametrize(
    "address",
    [
        "1.0.0.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
        "192.0.1.0", "192.88.98.255", "192.167.255.255", "198.20.0.0", "223.255.255.255", "2001:200::", "2003::",
        "2001:4860:4860::8888", "2606:4700::1111", "2a00::", "3ffe:ffff::", "::ffff:9.9.9.9", "64:ff9b::909:909",
    ],
)  # fmt: skip
def test_the_neighbours_of_special_blocks_are_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_public_means_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if is_public(str(address)):
        meant = getattr(address, "ipv4_mapped", None) or address
        assert meant.is_global
        assert not meant.is_private
        assert not meant.is_multicast


@given(st.ip_addresses(v=4))
def test_an_old_address_within_a_new_one_is_as_public_as_it_is(address: ipaddress.IPv4Address) -> None:
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert is_public(wrapped) == is_public(str(address))


async def test_a_name_that_leads_nowhere_is_told() -> None:
    with pytest.raises(NotPublicError, match="no server has that name"):
        await public_address("nobody.invalid", 443)


def certificate(folder: Path, name: str) -> Path:
    """A key and a certificate for a name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return folder / "both.pem"


async def test_the_address_that_was_looked_up_is_connected_to_and_held_against_the_name(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "mcp.example")
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pem)
    heard: list[bytes] = []
    asked: list[tuple[str, int]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 307 Moved\r\nlocation: https://other.example/\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def look_up(host: str, port: int) -> str:
        asked.append((host, port))
        if host != "mcp.example":
            raise NotPublicError(host)
        return "127.0.0.1"

    async with listening(answer, tls=served) as port:
        transport = guarded_transport(look_up, ssl.create_default_context(cafile=str(pem)))
        async with httpx.AsyncClient(transport=transport, follow_redirects=True) as client:
            with pytest.raises(NotPublicError, match=r"other\.example"):
                await client.get(f"https://mcp.example:{port}/mcp")
        unknown = guarded_transport(lambda _h, _p: look_up("mcp.example", 0), ssl.create_default_context())
        async with httpx.AsyncClient(transport=unknown) as client:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await client.get(f"https://mcp.example:{port}/mcp")

    assert f"host: mcp.example:{port}" in heard[0].decode().lower()
    assert asked[:2] == [("mcp.example", port), ("other.example", 443)]


async def test_a_host_the_operator_vouches_for_may_be_used_with_a_token_that_is_never_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    authority = Authority(tokens={"visitors-own-token"})
    async with serve_guarded(authority) as lab:
        address = f"{authority.resource}?key=in-the-address"
        allowed = allowed_by(Settings.from_env({"GROQ_CORE_MCP_VISITORS": "127.0.0.1"}).mcp_visitors)
        server = strangers_server(allowed, 1, address, {"x-more": "shown"}).with_token("visitors-own-token", "token")
        async with server_tools([server], "go") as tools:
            assert tools[0].name == "own1_measure"
            assert tools[0].dangerous, "what it says of its own tools is not believed"
            assert await tools[0].call({"sample": "A"}) == "A: 7.2"
        with pytest.raises(RequestError, match="HTTP 401") as caught:
            async with remote_tools(address, headers={"authorization": "Bearer wrong-own-token"}):
                pass

    assert set(lab.seen) == {"visitors-own-token", "wrong-own-token"}
    everything = f"{server!r} {caught.value} {caught.value.hint} {caplog.text}"
    for secret in ("visitors-own-token", "wrong-own-token", "in-the-address"):
        assert secret not in everything


async def test_another_host_than_those_vouched_for_is_refused() -> None:
    allowed = allowed_by(Settings.from_env({"GROQ_CORE_MCP_VISITORS": "*.lab.example"}).mcp_visitors)

    assert strangers_server(allowed, 1, "http://a.lab.example/mcp", {}).transport is None
    for address in ("https://lab.example.evil.example/mcp", "https://127.0.0.1/mcp"):
        with pytest.raises(RequestError, match="may be used here"):
            strangers_server(allowed, 1, address, {})

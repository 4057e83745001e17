"""How the wire gets to a provider: names, addresses, certificates, proxies."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from groq_core.providers.wire import direct
from tests.providers.wires import OK, Run, ask, wire_to
from tests.serving import listening
from tests.wire_server import Stall, serving


def test_nobody_there_is_an_error(run: Run) -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with pytest.raises(httpx.ConnectError):
                await ask(wire_to(f"http://127.0.0.1:{taken.getsockname()[1]}"))
        with pytest.raises(httpx.ConnectError):
            await ask(wire_to("http://nobody.invalid"))

    run(main())


def test_a_server_that_hangs_up_at_once_is_an_error(run: Run) -> None:
    async def main() -> None:
        async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.abort()

        async with listening(hang_up) as port:
            for _ in range(20):
                with pytest.raises(httpx.HTTPError):
                    await ask(wire_to(f"http://127.0.0.1:{port}"))

    run(main())


def test_a_host_of_two_addresses_is_reached_at_the_one_that_answers(run: Run) -> None:
    async def main() -> None:
        async with serving([OK]) as server:
            wire = wire_to(server.url.replace("127.0.0.1", "localhost"))  # on most machines ::1 comes first
            assert await ask(wire) == (200, b"ok")
            wire.close()

    run(main())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@asynccontextmanager
async def serve_tls(certificate: Path) -> AsyncIterator[str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            writer.write(OK)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with listening(handle, tls=context) as port:
        yield f"https://127.0.0.1:{port}"


def test_an_encrypted_connection_is_used_again(run: Run, certificate: Path) -> None:
    async def main() -> None:
        async with serve_tls(certificate) as url:
            wire = wire_to(url, tls=ssl.create_default_context(cafile=str(certificate)))
            assert [await ask(wire), await ask(wire)] == [(200, b"ok")] * 2
            assert wire.idle == 1
            wire.close()

    run(main())


def test_a_certificate_nobody_signed_is_refused(run: Run, certificate: Path) -> None:
    async def main() -> None:
        async with serve_tls(certificate) as url:
            with pytest.raises(httpx.ConnectError, match=r"(?i)certificate.verify.failed"):
                await ask(wire_to(url))

    run(main())


def test_a_server_that_accepts_and_says_nothing_is_given_up(run: Run) -> None:
    async def main() -> None:
        async with serving([Stall()]) as server:
            with pytest.raises(httpx.ConnectTimeout, match="within 1 s"):
                await ask(wire_to(server.url.replace("http:", "https:")))

    run(main())


# ── who goes another way ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "proxies", "expected"),
    [
        ("https://api.groq.com/openai/v1", {}, True),
        ("http://127.0.0.1:8000", {"HTTPS_PROXY": "http://p:1"}, True),
        ("https://api.groq.com", {"HTTPS_PROXY": "http://p:1"}, False),
        ("https://api.groq.com", {"ALL_PROXY": "http://p:1"}, False),
        ("https://api.groq.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".groq.com"}, True),
        ("https://me:secret@api.groq.com", {}, False),
        ("https://x.openai.azure.com/openai?api-version=1", {}, False),
        ("unix:///run/model.sock", {}, False),
    ],
)
def test_what_only_the_sdk_can_do_is_left_to_it(
    url: str, proxies: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)

    assert direct(httpx.URL(url)) is expected

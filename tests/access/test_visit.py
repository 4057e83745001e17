"""What of a request's headers is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.access.host_names import Names, host_of
from groq_core.access.origins import Origins, own_origin
from groq_core.access.visit import Forwarding, Visit, plain_address, site_of


def visit_of(*, trusted: tuple[str, ...] = ("127.0.0.1",), client: str = "127.0.0.1", **headers: str) -> Visit:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "headers": raw, "client": (client, 1), "scheme": "http", "http_version": "1.1"}
    return Forwarding(trusted, Origins(())).read(scope)


@pytest.mark.parametrize(
    ("host", "forwarded", "origin", "foreign"),
    [
        pytest.param("app.example", "", "https://app.example", False, id="nginx with $host"),
        pytest.param("box", "", "http://box:8080", False, id="nginx with $host drops the port"),
        pytest.param("box:8080", "", "http://box:8080", False, id="nginx with $http_host"),
        pytest.param("app.example:443", "", "https://app.example", False, id="the scheme's own port, spelt out"),
        pytest.param("127.0.0.1:7860", "app.example", "https://app.example", False, id="only X-Forwarded-Host"),
        pytest.param("127.0.0.1:7860", "box:8080", "http://box:8080", False, id="X-Forwarded-Host with port"),
        pytest.param("127.0.0.1:7860", "", "http://app.example", True, id="a proxy that names the upstream"),
        pytest.param("box:8080", "", "http://box:9090", True, id="a neighbour's port"),
        pytest.param("box", "", "http://box.evil.example", True, id="look-alike"),
        pytest.param("box", "", "null", True, id="sandbox"),
        pytest.param("box", "", "app://obsidian.md", False, id="a program"),
    ],
)
def test_own_pages_are_told_from_others_whatever_a_proxy_did(
    host: str, forwarded: str, origin: str, foreign: bool
) -> None:
    assert visit_of(host=host, origin=origin, x_forwarded_host=forwarded).foreign is foreign


def test_what_a_stranger_says_of_himself_is_not_believed() -> None:
    visit = visit_of(
        client="10.9.9.9",
        host="box",
        origin="http://evil.example",
        x_forwarded_host="evil.example",
        x_forwarded_for="127.0.0.1",
        x_forwarded_proto="https",
    )

    assert (visit.address, visit.https, visit.authorities, visit.foreign) == ("10.9.9.9", False, ("box",), True)
    assert visit.proxied


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("1.2.3.4, 10.0.0.1", "1.2.3.4"),
        ("1.2.3.4, rubbish", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_that_no_trusted_proxy_is(chain: str, address: str) -> None:
    assert visit_of(trusted=("127.0.0.1", "10.0.0.0/8"), host="box", x_forwarded_for=chain).address == address


@given(st.text(max_size=40))
def test_no_header_breaks_the_reading_of_names(text: str) -> None:
    host_of(text)
    own_origin(text, [text])
    own_origin(f"http://{text}", [text])
    assert not Names(["only.example"], loopback=True).own("x" + text) or "localhost" in text


@given(
    st.sampled_from(["http", "https"]),
    st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){0,2}", fullmatch=True),
    st.integers(1, 65535),
)
def test_an_origin_is_its_own_with_and_without_port(scheme: str, name: str, port: int) -> None:
    assert own_origin(f"{scheme}://{name}:{port}", [f"{name}:{port}"])
    assert own_origin(f"{scheme}://{name}:{port}", [name])
    assert not own_origin(f"{scheme}://{name}:{port}", [f"x{name}:{port}"])


@pytest.mark.parametrize(
    ("text", "address", "site"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:80", "192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:0207", "192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:DB8:1:2::9]:443", "2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("fe80::1%whatever-else", "fe80::1", "fe80::/64"),
        ("unknown", "unknown", "unknown"),
        ("", "", ""),
    ],
)
def test_a_household_is_one(text: str, address: str, site: str) -> None:
    assert plain_address(text) == address
    assert site_of(text) == site


def test_several_lines_of_hops_are_one_list() -> None:
    reader = Forwarding(["127.0.0.1", "10.0.0.0/8"], Origins([]))
    lines = [(b"x-forwarded-for", b"203.0.113.9:1234"), (b"x-forwarded-for", b"10.0.0.2")]

    assert reader.read({"type": "http", "headers": lines, "client": ("::ffff:127.0.0.1", 1)}).address == "203.0.113.9"


@pytest.mark.parametrize(
    ("client", "given", "prefix"),
    [
        ("127.0.0.1", "/groq", "/groq"),
        ("127.0.0.1", "/a/b-c/", "/a/b-c"),
        ("127.0.0.1", "//evil.example", ""),
        ("127.0.0.1", "/a?b", ""),
        ("127.0.0.1", "@evil.example", ""),
        ("203.0.113.1", "/groq", ""),
    ],
)
def test_the_path_below_which_a_proxy_serves_us_is_its_word_alone(client: str, given: str, prefix: str) -> None:
    assert visit_of(client=client, host="box", x_forwarded_prefix=given).prefix == prefix

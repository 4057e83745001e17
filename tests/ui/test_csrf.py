"""Who may use the page's own routes."""

from __future__ import annotations

import pytest

from groq_core.ui.csrf import PASS_SECONDS, Passes, same_origin

HOST = "127.0.0.1:7860"


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        pytest.param({"sec-fetch-site": "same-origin"}, True, id="our page"),
        pytest.param({"sec-fetch-site": "none"}, True, id="typed by hand"),
        pytest.param({"sec-fetch-site": "cross-site"}, False, id="another site"),
        pytest.param({"sec-fetch-site": "same-site", "origin": f"http://{HOST}"}, False, id="a neighbour's subdomain"),
        pytest.param({"origin": f"http://{HOST}"}, True, id="old browser, our page"),
        pytest.param({"origin": "null"}, False, id="sandboxed frame"),
        pytest.param({"origin": f"http://{HOST}.evil.example"}, False, id="look-alike"),
        pytest.param({"origin": "https://app.example", "x-forwarded-host": "app.example"}, True, id="behind a proxy"),
        pytest.param({}, True, id="no browser at all"),
    ],
)
def test_other_sites_are_told_apart(headers: dict[str, str], own: bool) -> None:
    assert same_origin({"host": HOST, **headers}) is own


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_pass_names_its_page_until_it_is_too_old() -> None:
    clock = Clock()
    passes = Passes(clock)
    issued = passes.issue()

    assert passes.page_id(issued) == issued.split(".")[0]
    assert passes.page_id(passes.issue()) != passes.page_id(issued)

    clock.now += PASS_SECONDS + 1
    assert passes.page_id(issued) is None


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "page.9999999999.deadbeef", "é.1.x"])
def test_forged_pass_opens_nothing(text: str) -> None:
    assert Passes().page_id(text) is None


def test_pass_of_an_earlier_start_opens_nothing() -> None:
    assert Passes().page_id(Passes().issue()) is None

"""
Who may use the page's own routes: the page itself, and nobody else's.

Another site must not be able to spend our tokens or flip our switches from a visitor's browser. The door refuses what
a browser says comes from another origin; and every page gets a pass that it sends back in a header, which another site
can neither read nor set. :func:`visitor` is the one place where a page's request becomes a :class:`Caller`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from hashlib import blake2b

from fastapi import APIRouter, Depends, HTTPException, Request

from groq_core.access.origins import own_origin
from groq_core.access.sessions import Signer
from groq_core.access.visit import KEY, visit_of
from groq_core.redaction import Secret
from groq_core.requests import Caller
from groq_core.ui.basic_auth import PERSON
from groq_core.ui.texts import TEXTS

PASS_HEADER = "x-groq-core-page"
PASS_SECONDS = 24 * 3600


class Passes:
    """
    Signed passes for pages: ``id.expiry.signature``. Nothing is stored but what signs them, so that a page finds after
    a restart what it left; where not even that can be kept, a restart makes all of them worthless.

    Args:
        clock: Unix time in seconds.
        secret: The same for all replicas; None makes one.
    """

    def __init__(self, clock: Callable[[], float] = time.time, secret: Secret | None = None) -> None:
        self._signer = Signer("page", secret)
        self._clock = clock

    def issue(self, old: str = "") -> str:
        """
        A new pass, for the visitor of an old one where that was good, whatever its age: a browser that comes back
        finds what it left.
        """
        page = self._page_of(old) or secrets.token_urlsafe(12)
        body = f"{page}.{int(self._clock()) + PASS_SECONDS}"
        return f"{body}.{self._signer.signature(body)}"

    def page_id(self, text: str) -> str | None:
        """The page a pass was issued to, or None when it is forged or too old."""
        page = self._page_of(text)
        return page if page is not None and int(text.split(".")[1]) > self._clock() else None

    def _page_of(self, text: str) -> str | None:
        body, _, signature = text.rpartition(".")
        page, _, expiry = body.partition(".")
        if not expiry.isascii() or not expiry.isdigit() or len(text) > 200 or not self._signer.good(body, signature):
            return None
        return page


def same_origin(headers: dict[str, str]) -> bool:
    """
    Whether a request comes from our own page, or from no page at all.

    ``Sec-Fetch-Site`` is sent by every current browser on a secure or loopback address; ``Origin`` covers the rest.

    >>> same_origin({"sec-fetch-site": "cross-site"}), same_origin({"sec-fetch-site": "same-origin"})
    (False, True)
    >>> same_origin({"origin": "http://evil.example", "host": "127.0.0.1:7860"})
    False
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return True
    return own_origin(origin, (headers.get("host", ""), headers.get("x-forwarded-host", "")))


def require_own_page(request: Request) -> None:
    """
    Raises:
        HTTPException: 403 for another origin's request.
    """
    visit = request.scope.get(KEY)
    if visit.foreign if visit is not None else not same_origin(dict(request.headers)):
        raise HTTPException(403, TEXTS["error_foreign"])


def page_router(prefix: str = "/ui") -> APIRouter:
    """Routes of the page's own scripts: each refuses another origin's request before anything else happens."""
    return APIRouter(prefix=prefix, include_in_schema=False, dependencies=[Depends(require_own_page)])


def visitor(request: Request, passes: Passes) -> Caller:
    """
    Name the page that asks, or the person who signed in to it.

    Raises:
        HTTPException: 403 for another site's request, and for a pass that is missing, forged or too old.
    """
    require_own_page(request)
    page = passes.page_id(request.headers.get(PASS_HEADER, ""))
    if page is None:
        raise HTTPException(403, TEXTS["error_pass"])
    return caller_on_page(request, page)


def caller_on_page(request: Request, page: str) -> Caller:
    """Who asks: the person where one has signed in, else the visitor the pass was given to."""
    address = visit_of(request.scope).address
    person: str | None = request.scope.get(PERSON)
    if person is None:
        return Caller(user=f"page:{page}", address=address)
    return Caller(user=person_id(person), person=person, address=address)


def person_id(person: str) -> str:
    """
    A word for a person that may stand in logs, since it is not the name.

    >>> person_id("ann") == person_id("ann") != person_id("bob")
    True
    """
    return f"person:{blake2b(person.encode(), digest_size=8, person=b'groq_core').hexdigest()}"

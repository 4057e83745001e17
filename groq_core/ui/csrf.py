"""
Who may use the page's own routes: the page itself, and nobody else's.

Another site must not be able to spend our tokens or flip our switches from a visitor's browser. A browser says
where a request comes from (``Sec-Fetch-Site``, else ``Origin``), and every page gets a pass that it sends back in
a header, which another site can neither read nor set. :func:`visitor` is the one place where a request becomes a
:class:`Caller`; sign-in and visitors' own keys belong there.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from groq_core.requests import Caller
from groq_core.ui.texts import TEXTS

PASS_HEADER = "x-groq-core-page"
PASS_SECONDS = 24 * 3600


class Passes:
    """
    Signed passes for pages: ``id.expiry.signature``. Nothing is stored; a restart makes all of them worthless.

    Args:
        clock: Unix time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._secret = secrets.token_bytes(32)
        self._clock = clock

    def issue(self) -> str:
        body = f"{secrets.token_urlsafe(12)}.{int(self._clock()) + PASS_SECONDS}"
        return f"{body}.{self._signature(body)}"

    def page_id(self, text: str) -> str | None:
        """The page a pass was issued to, or None when it is forged or too old."""
        body, _, signature = text.rpartition(".")
        page, _, expiry = body.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            return None
        return page if int(expiry) > self._clock() else None

    def _signature(self, body: str) -> str:
        return hmac.new(self._secret, body.encode(), "sha256").hexdigest()


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
    own = {headers.get("host", ""), headers.get("x-forwarded-host", "")} - {""}
    return urlsplit(origin).netloc in own


def visitor(request: Request, passes: Passes) -> Caller:
    """
    Name the page that asks.

    Raises:
        HTTPException: 403 for another site's request, and for a pass that is missing, forged or too old.
    """
    if not same_origin(dict(request.headers)):
        raise HTTPException(403, TEXTS["error_foreign"])
    page = passes.page_id(request.headers.get(PASS_HEADER, ""))
    if page is None:
        raise HTTPException(403, TEXTS["error_pass"])
    return Caller(credential="server", user=f"page:{page}")

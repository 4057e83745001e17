"""What a sign-in elsewhere may fail with that is no fault of this server: the provider away, or of another mind."""

from __future__ import annotations

from typing import Final

import httpx
import httpx2
from authlib.common.errors import AuthlibBaseError
from joserfc.errors import JoseError

FAILURES: Final = (AuthlibBaseError, JoseError, httpx.HTTPError, httpx2.HTTPError, KeyError, ValueError)
"""Authlib asks by httpx2 where that is installed, we by httpx."""

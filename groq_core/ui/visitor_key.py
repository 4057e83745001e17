"""Who asks when a visitor has brought a key of their own."""

from __future__ import annotations

import msgspec
from fastapi import HTTPException, Request

from groq_core.requests import Caller
from groq_core.services.own_keys import OwnKeys
from groq_core.ui.texts import TEXTS

HANDLE_HEADER = "x-groq-core-own-key"
"""Carries what stands for the key ever after."""


def own_caller(keys: OwnKeys | None, request: Request, caller: Caller) -> Caller:
    """
    Let a visitor ask with the key they brought.

    Raises:
        HTTPException: 401 when the key behind their handle is forgotten: asking with the server's instead would
            spend somebody else's money and send a text where it was not meant to go.
    """
    handle = request.headers.get(HANDLE_HEADER)
    if not handle:
        return caller
    own = keys.get(handle) if keys is not None else None
    if own is None:
        raise HTTPException(401, TEXTS["error_own_key_gone"])
    return msgspec.structs.replace(caller, credential=own.credential, groq_key=own.key)


def own_credential(keys: OwnKeys | None, request: Request) -> str:
    """Whose health and limits the status panel shows."""
    handle = request.headers.get(HANDLE_HEADER)
    own = keys.get(handle) if keys is not None and handle else None
    return own.credential if own is not None else "server"

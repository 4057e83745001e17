"""Who may use the API: the holder of a token, or, where there is none, programs on this very machine."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, Protocol

import msgspec
from starlette.types import Scope

from groq_core.access.door import FOREIGN_ORIGIN
from groq_core.access.visit import Visit, visit_of
from groq_core.api.backend import Settings
from groq_core.errors import RequestError
from groq_core.redaction import Secret
from groq_core.requests import Caller
from groq_core.services.own_keys import BEGINNING, OwnKeys

VARIABLE = "GROQ_CORE_API_TOKENS"


class TokenHolders(Protocol):
    """Who holds which token. The environment's are one such list; a database of API keys can be another."""

    async def exist(self) -> bool:
        """Whether there is any token; where there is, nobody gets in without one."""
        ...

    async def holder(self, token: bytes) -> Caller | None:
        """Whom a token was given to; None for one that is not (or no longer) good."""
        ...


class EnvironmentTokens:
    """The tokens of ``GROQ_CORE_API_TOKENS``."""

    def __init__(self, tokens: Sequence[Secret]) -> None:
        self._tokens = [token.reveal().encode() for token in tokens]
        self._holders = [Caller(user=f"token:{index}") for index in range(len(self._tokens))]

    async def exist(self) -> bool:
        return bool(self._tokens)

    async def holder(self, token: bytes) -> Caller | None:
        found = None
        # Every token is compared, so that the time taken tells nothing about which one was nearly right.
        for known, holder in zip(self._tokens, self._holders, strict=True):
            if hmac.compare_digest(known, token):
                found = holder
        return found


class Access:
    """
    The one decision about `/v1/*`, `/metrics`, `/_simulator/*` and Gradio's named endpoints.

    With tokens, a bearer must be one of them. Without, the door is open to local programs only: the server listens
    on a loopback address, nobody must sign in to the page, no proxy stands between, no page of another origin asks.
    (That the name is a local one has been seen to by :class:`groq_core.access.door.Door`.)

    Whoever would be refused may ask with a Groq key of their own where visitors' keys are welcome and nobody must sign
    in; a local program's is used only where the setting says so outright, since it may be there for form's sake.

    Args:
        holders: Further lists of tokens beside the environment's, asked in order.
        sign_in: Whether people must sign in to the page now; None where the settings say so alone.
        own_keys: Groq keys of visitors; None where they are not welcome.
    """

    def __init__(
        self,
        settings: Settings,
        holders: Sequence[TokenHolders] = (),
        *,
        sign_in: Callable[[], bool] | None = None,
        own_keys: OwnKeys | None = None,
    ) -> None:
        self._holders: list[TokenHolders] = [EnvironmentTokens(settings.api_tokens), *holders]
        self._loopback = settings.loopback
        self._must_sign_in = sign_in or (lambda: settings.sign_in)
        self._own_keys = own_keys
        self._own_keys_first = settings.byo_key == "on"

    async def admit(self, headers: Mapping[bytes, bytes], visit: Visit, *, own_key: bool = False) -> Caller:
        """
        Let a request in and say who sent it.

        Args:
            headers: Names in lower case.
            visit: What the door has read.
            own_key: This is a question, which may be asked with a visitor's own Groq key.

        Raises:
            RequestError: 401 for everybody who needs a token and brings none that is good, 403 for a request from
                another origin's page.
        """
        own = self._own_key(headers) if own_key else None
        try:
            caller = await self._admit(headers.get(b"authorization", b""), visit)
        except RequestError as refusal:
            if own is None or refusal.status != 401:
                raise
            return await self._visitor(own, visit)
        return await self._visitor(own, visit) if own and caller.user == "local" and self._own_keys_first else caller

    async def _admit(self, authorization: bytes, visit: Visit) -> Caller:
        for holders in self._holders:
            if await holders.exist():
                return await self._holder(authorization, visit)
        self._refuse_strangers(visit)
        return Caller(user="local", address=visit.address)

    def _own_key(self, headers: Mapping[bytes, bytes]) -> str | None:
        """What looks like a Groq key of the visitor's, where one is welcome."""
        if self._own_keys is None or self._must_sign_in():
            return None
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        text = given.strip().decode("latin-1")
        return text if scheme.lower() == b"bearer" and text.startswith(BEGINNING) else None

    async def _visitor(self, text: str, visit: Visit) -> Caller:
        """
        Raises:
            RequestError: 401 for a key that Groq refuses; others as they come.
        """
        assert self._own_keys is not None
        try:
            own = await self._own_keys.recognise(text, visit.address)
        except RequestError as error:
            if error.status != 422:
                raise
            raise RequestError(error.message, status=401, code="invalid_api_key", hint=error.hint) from None
        return Caller(user=own.credential, credential=own.credential, groq_key=own.key, address=visit.address)

    async def admit_scope(self, scope: Scope) -> Caller:
        """The same for a request that is not the API's own; errors as for :meth:`admit`."""
        return await self.admit(dict(scope["headers"]), visit_of(scope))

    async def _holder(self, authorization: bytes, visit: Visit) -> Caller:
        scheme, _, given = authorization.partition(b" ")
        if scheme.lower() == b"bearer":
            for holders in self._holders:
                if (found := await holders.holder(given.strip())) is not None:
                    return msgspec.structs.replace(found, address=visit.address)
        raise RequestError(
            "the API token is missing" if not authorization else "the API token is not one of this server's",
            status=401,
            code="invalid_api_key",
            hint=f"Send a token of {VARIABLE} as `Authorization: Bearer …`, which is the API key in every SDK.",
        )

    def _refuse_strangers(self, visit: Visit) -> None:
        if not self._loopback:
            _refuse_everybody("the server can be reached from other machines")
        if self._must_sign_in():
            _refuse_everybody("people must sign in to the page")
        if visit.proxied:
            _refuse_everybody("the request came through a proxy")
        if visit.foreign and not visit.cors:
            message, hint = FOREIGN_ORIGIN
            raise RequestError(message, status=403, code="foreign_origin", hint=hint)


def _refuse_everybody(why: str) -> NoReturn:
    raise RequestError(
        f"the API is closed: {why}, and no token is set",
        status=401,
        code="no_tokens_set",
        hint=f"Set {VARIABLE} on the server and send one of its tokens as `Authorization: Bearer …`.",
    )

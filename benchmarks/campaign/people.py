"""Thirty people who ask, and visitors who follow a long answer from replica to replica; and what came of it."""

from __future__ import annotations

import asyncio
import json
import random
import re
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from groq_core.redaction import Secret
from groq_core.store.books import Books
from groq_core.store.database import open_database
from groq_core.store.keys import ApiKeys
from groq_core.store.people import PeopleStore
from groq_core.ui.answer_again import GAP

PEOPLE = 30
TIGHT = 10
AMPLE = "5 usd/day, 100000/day"
MARKS = re.compile(r"\b[PR]\d{2,6}\b")
ANSWER_S = 60.0
TRIES = 4


@dataclass
class Outcome:
    """What was seen from outside."""

    asked: int = 0
    answered: int = 0
    usd: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    known: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    limits_met: int = 0
    cut: int = 0
    crossed: int = 0
    upstream_429: int = 0
    runs: int = 0
    resumed: int = 0
    exact: int = 0
    gone: int = 0
    anew: int = 0
    wrong: list[str] = field(default_factory=list)


def mark(number: int) -> str:
    return f"P{number:02}"


async def make_people(database: str, tight_usd: float) -> dict[str, str]:
    """A key for each, by mark; a third have no more than this a day."""
    keys = {}
    async with open_database(Secret(database)) as opened:
        people, tokens = PeopleStore(opened), ApiKeys(opened)
        for number in range(PEOPLE):
            name = mark(number)
            await people.add(name, who="campaign")
            await people.set_limits(name, f"{tight_usd:f} usd/day" if number < TIGHT else AMPLE, who="campaign")
            keys[name] = (await tokens.create(name, who="campaign", person=name)).reveal()
    return keys


async def spend_by_person(database: str) -> dict[str, float]:
    """What the ledger says, by person."""
    found: defaultdict[str, float] = defaultdict(float)
    async with open_database(Secret(database)) as opened:
        for line in await Books(opened).read():
            found[line.person] += line.usd
    return dict(found)


class Asker:
    """One person with a key."""

    def __init__(
        self, url: str, name: str, key: str, outcome: Outcome, http: aiohttp.ClientSession, model: str = "speed"
    ) -> None:
        self._url, self._name, self._outcome, self._http = f"{url}/v1/chat/completions", name, outcome, http
        self._model = model
        self._headers = {"authorization": f"Bearer {key}"}

    async def run(self, requests: int, every_s: float, ends: asyncio.Event) -> None:
        for number in range(requests):
            if ends.is_set():
                return
            began = time.monotonic()
            await self._ask(f"R{number:05}")
            await asyncio.sleep(max(0.0, every_s - (time.monotonic() - began)))

    async def _ask(self, nonce: str) -> None:
        content = f"{self._name} {nonce} say that again."
        body = {"model": self._model, "messages": [{"role": "user", "content": content}], "max_completion_tokens": 60}
        out = self._outcome
        out.asked += 1
        for _ in range(TRIES):
            try:
                async with self._http.post(self._url, json=body, headers=self._headers) as answer:
                    told = await answer.json(content_type=None)
                    status, usd = answer.status, answer.headers.get("x-litellm-response-cost")
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
                status, told, usd = 0, {}, None
            if status not in (0, 502, 504):
                break
            out.cut += 1
            await asyncio.sleep(0.2)
        self._take(status, told, nonce, float(usd or 0))

    def _take(self, status: int, told: Any, nonce: str, usd: float) -> None:
        out = self._outcome
        ours = told.get("x_groq_core") or {} if isinstance(told, dict) else {}
        out.upstream_429 += sum(one.get("status") == 429 for one in ours.get("attempts", ()))
        if status == 200:
            out.answered += 1
            out.usd[self._name] += ours.get("cost_usd") or usd
            out.known[self._name] += 1
            text = told["choices"][0]["message"]["content"] or ""
            out.crossed += _has_foreign_mark(MARKS.findall(text), self._name, nonce)
            return
        error = told.get("error") or {} if isinstance(told, dict) else {}
        limited = error.get("code") == "limit_reached" or "crossed budget" in str(error.get("message"))
        if limited and int(self._name[1:]) < TIGHT:
            out.limits_met += 1
            return
        out.refused[str(status)] += 1
        out.reasons[f"{status} {error.get('code') or error.get('type')}: {str(error.get('message'))[:80]}"] += 1


class Visitor:
    """A page that loses its line again and again."""

    def __init__(self, url: str, outcome: Outcome, http: aiohttp.ClientSession, chance: random.Random) -> None:
        self._url, self._outcome, self._http, self._chance = url, outcome, http, chance

    async def run(self, ends: asyncio.Event) -> None:
        while not ends.is_set():
            try:
                await self._one()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                self._outcome.wrong.append(f"page: {type(error).__name__}")
                await asyncio.sleep(0.5)

    async def _one(self) -> None:
        headers = {"x-groq-core-visitor": secrets.token_urlsafe(16)}
        async with self._http.get(f"{self._url}/ui/pass") as answer:
            headers["x-groq-core-page"] = (await answer.json())["pass"]
        name = fox = secrets.token_urlsafe(16)
        question = {"turns": [{"role": "user", "text": f"Tell me of fox {fox} and of the hare at length."}]}
        out = self._outcome
        out.runs += 1
        heard: list[bytes] = []
        ends = time.monotonic() + ANSWER_S
        asks = True
        while not _is_over(heard):
            if time.monotonic() > ends:
                out.wrong.append(f"no end after {len(heard)} lines: {heard[-1:]!r}"[:200])
                return
            given = {**headers, "x-groq-core-answer": name}
            path = f"{self._url}/ui/{'chat' if asks else f'answers/{name}'}?at={len(heard)}"
            asking = (
                self._http.post(path, json=question, headers=given) if asks else self._http.get(path, headers=given)
            )
            try:
                got = await self._listen(asking)
            except (aiohttp.ClientError, TimeoutError, OSError):
                got = None
            if got is None:
                await asyncio.sleep(0.2)
                continue
            if got == [b"404"]:
                # Lost with its process and Redis: begun anew behind what was heard, by a new name, as the page does it.
                asks, name = True, secrets.token_urlsafe(16)
                out.anew += 1
                continue
            heard += got
            out.resumed += not asks
            asks = asks and not heard
        await self._compare(name, fox, headers, heard)

    async def _listen(self, asking: Any) -> list[bytes] | None:
        """The lines that came before the line was lost; None for a server that is not there."""
        most = self._chance.choice([3, 10, 25, 10**6])
        lines: list[bytes] = []
        async with asking as answer:
            if answer.status == 404:
                return [b"404"]
            if answer.status != 200:
                return None
            rest = b""
            try:
                async for data in answer.content.iter_any():
                    *whole, rest = (rest + data).split(b"\n\n")
                    lines += [one for one in whole if one.startswith(b"data: ") and one != b'data: {"e":"open"}']
                    if len(lines) >= most:
                        break
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
        return lines

    async def _compare(self, name: str, fox: str, headers: dict[str, str], heard: list[bytes]) -> None:
        """Read it all once more, from whichever replica, and hold it against what was heard in pieces."""
        out = self._outcome
        for _ in range(20):
            try:
                got = await self._whole(name, headers)
            except (aiohttp.ClientError, TimeoutError, OSError):
                got = None
            if got:
                break
            await asyncio.sleep(0.2)
        if got is not None and _is_same(got, heard):
            out.exact += 1
        elif got == [b"404"]:
            out.gone += 1
        else:
            at = next((n for n, (a, b) in enumerate(zip(got or [], heard, strict=False)) if a != b), -1)
            out.wrong.append(f"{len(heard)} lines heard, {len(got or [])} kept, first difference at {at}")
        marks = [part.decode() for part in re.findall(rb"fox ([\w-]{20,24})", b"".join(heard))]
        out.crossed += _has_foreign_mark(marks, fox)

    async def _whole(self, name: str, headers: dict[str, str]) -> list[bytes] | None:
        async with self._http.get(f"{self._url}/ui/answers/{name}", headers=headers) as answer:
            if answer.status == 404:
                return [b"404"]
            body = await answer.read()
        lines = [one for one in body.split(b"\n\n") if one.startswith(b"data: ") and one != b'data: {"e":"open"}']
        return lines if _is_over(lines) else None


def _has_foreign_mark(marks: Iterable[str], *own: str) -> bool:
    """Whether there is a mark of somebody else; one may be cut off where an answer or a line of it ends."""
    return any(not any(mine.startswith(mark) for mine in own) for mark in marks)


def _is_same(kept: list[bytes], heard: list[bytes]) -> bool:
    """Whether a page that reads it once more sees the same; a gap stands for a line that died with its process."""
    gap = GAP.strip()
    return len(kept) == len(heard) and all(one in (other, gap) for one, other in zip(kept, heard, strict=True))


def _is_over(lines: list[bytes]) -> bool:
    return bool(lines) and json.loads(lines[-1][6:]).get("e") == "receipt"

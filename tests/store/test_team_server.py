"""A team's server from outside: keys on /v1, conversations of the signed-in, shared links, the admin page."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from groq_core.access.passwords import hash_password
from groq_core.simulator import Fault, Simulator
from tests.store.stage import TeamStage, ask, eventually, team_stage, title_of


@pytest.fixture
async def stage(tmp_path: Path, simulator: Simulator) -> Any:
    async with team_stage(f"sqlite:///{tmp_path}/team.db", simulator) as running:
        yield running


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_key_answers_until_it_is_revoked(stage: TeamStage) -> None:
    team = stage.core.team
    assert team is not None
    key = (await team.keys.create("ci", who="tests", person="bob")).reveal()
    async with stage.client(key=key) as http:
        assert (await ask(http)).status_code == 200
        assert (await http.get("/v1/models")).status_code == 200
        await team.keys.revoke("ci", who="tests")
        refused = await ask(http)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
    assert key not in refused.text


async def test_what_describes_the_api_is_read_by_who_may_use_it(stage: TeamStage) -> None:
    team = stage.core.team
    assert team is not None
    key = (await team.keys.create("ci", who="tests")).reveal()
    for path in ("/openapi.json", "/docs"):
        codes = []
        for who in ({"key": key}, {"person": "bob"}, {"key": "gck_wrong"}, {}):
            async with stage.client(**who) as http:
                codes.append((await http.get(path)).status_code)
        assert codes == [200, 200, 401, 401], path


async def test_without_a_key_nobody_gets_in_where_people_sign_in(stage: TeamStage) -> None:
    async with stage.client() as http:
        assert (await ask(http)).status_code == 401
        assert (await http.get("/health")).status_code == 200


async def test_a_key_keeps_to_its_limits_and_says_when_to_come_back(stage: TeamStage) -> None:
    team = stage.core.team
    assert team is not None
    key = (await team.keys.create("ci", who="tests", limit="3/minute")).reveal()
    async with stage.client(key=key) as http:
        answers = await asyncio.gather(*(ask(http) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 3
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"]["code"] == "limit_reached"
    assert 0 < int(refused.headers["retry-after"]) <= 70


async def test_a_group_shares_its_limit_and_a_person_s_own_line_wins(tmp_path: Path, simulator: Simulator) -> None:
    database = f"sqlite:///{tmp_path}/team.db"
    async with team_stage(database, simulator, GROQ_CORE_LIMITS="1/day") as stage:
        team = stage.core.team
        assert team is not None
        for name in ("ann", "bob"):
            await team.people.set_team(name, "lab", who="tests")
            await team.people.set_limits(name, "10/day", who="tests")
        await team.people.set_limits("@lab", "3/day", who="tests")
        keys = [(await team.keys.create(name, who="tests", person=name)).reveal() for name in ("ann", "bob")]
        own = (await team.keys.create("program", who="tests")).reveal()
        codes = []
        for key in (keys * 2)[:4]:
            async with stage.client(key=key) as http:
                codes.append((await ask(http)).status_code)
        assert codes == [200, 200, 200, 429]
        async with stage.client(key=own) as http:
            assert [(await ask(http)).status_code for _ in range(2)] == [200, 429]


async def test_parallel_requests_never_spend_more_than_there_is(stage: TeamStage) -> None:
    team = stage.core.team
    assert team is not None
    key = (await team.keys.create("ci", who="tests", limit="0.002 usd/day")).reveal()
    async with stage.client(key=key) as http:
        answers = await asyncio.gather(*(ask(http, f"Number {n}", max_completion_tokens=400) for n in range(40)))
    codes = {answer.status_code for answer in answers}
    assert codes <= {200, 429}
    assert 200 in codes
    spent = sum(answer.json()["x_groq_core"]["cost_usd"] for answer in answers if answer.status_code == 200)
    assert 0 < spent <= 0.002

    async def books_agree() -> bool:
        return bool(abs(sum(line.usd for line in await team.limits.books.read()) - spent) < 1e-9)

    assert await eventually(books_agree), "the ledger says the same"


async def test_the_ledger_tells_who_spent_what_on_what(stage: TeamStage) -> None:
    team = stage.core.team
    assert team is not None
    key = (await team.keys.create("ci", who="tests", person="bob")).reveal()
    async with stage.client(key=key) as http:
        first = await ask(http, "The same", temperature=0, model="speed", max_completion_tokens=2000)
        second = await ask(http, "The same", temperature=0, model="speed", max_completion_tokens=2000)
    assert [answer.json()["x_groq_core"]["cache"] for answer in (first, second)] == ["miss", "hit"]

    async def lines() -> Any:
        return [line for line in await team.limits.books.read() if line.requests == 2]

    (line,) = await eventually(lines)
    served = first.json()["x_groq_core"]["served_by"]
    assert (line.person, line.model, line.cached) == ("bob", f"{served['provider']}:{served['model']}", 1)
    assert line.tokens_in == first.json()["usage"]["prompt_tokens"]
    (entry,) = await team.keys.all()
    assert (entry.requests, entry.used is not None) == (2, True)
    assert entry.usd == pytest.approx(first.json()["x_groq_core"]["cost_usd"])


# ── conversations ────────────────────────────────────────────────────────────────────────────────────

WHOLE = {
    "head": {"id": "c1", "title": "About <foxes>", "leaf": "m2", "updated": 1000},
    "messages": [
        {"id": "m1", "parent": None, "role": "user", "text": "What about foxes?\n<script>alert(1)</script>"},
        {"id": "m2", "parent": "m1", "role": "assistant", "text": "**Red** [x](javascript:alert(1)) <b>raw</b>"},
        {"id": "m3", "parent": "m1", "role": "assistant", "text": "the other branch"},
    ],
}


async def test_a_conversation_is_found_on_a_second_device_and_by_nobody_else(stage: TeamStage) -> None:
    async with stage.client("bob") as first, stage.client("bob") as second, stage.client("ann") as other:
        assert (await first.put("/ui/conversations/c1", json=WHOLE)).status_code == 204
        assert (await second.get("/ui/conversations")).json() == {"heads": [WHOLE["head"]]}
        assert (await second.get("/ui/conversations/c1")).json() == WHOLE
        assert (await second.get("/ui/conversations/search", params={"q": "fox"})).json()["found"][0]["id"] == "c1"
        assert (await other.get("/ui/conversations")).json() == {"heads": []}
        assert (await other.get("/ui/conversations/c1")).status_code == 404
        assert (await first.post("/ui/conversations/remove-messages", json=["m3"])).status_code == 204
        message = {"id": "m4", "parent": "m2", "text": "more"}
        assert (await first.put("/ui/conversations/c1/messages/m4", json=message)).status_code == 204
        read = (await second.get("/ui/conversations/c1")).json()
        assert [one["id"] for one in read["messages"]] == ["m1", "m2", "m4"]
        exported = (await first.get("/ui/conversations/export")).json()
        assert exported == {"conversations": [read]}
        assert (await first.delete("/ui/conversations/c1")).json() == read
        assert (await second.get("/ui/conversations")).json() == {"heads": []}


async def test_the_store_wants_somebody_signed_in_and_this_page(stage: TeamStage) -> None:
    async with stage.client() as nobody, stage.client("bob") as bob:
        assert (await nobody.get("/ui/conversations")).status_code == 401
        assert (await bob.get("/ui/conversations", headers={"x-groq-core-page": "x"})).status_code == 403
        assert (await bob.get("/ui/conversations", headers={"sec-fetch-site": "cross-site"})).status_code == 403
        for bad in (b"{", b"[]", b'{"head": 1, "messages": []}'):
            assert (await bob.put("/ui/conversations/c1", content=bad)).status_code in (400, 422)
        assert (await bob.put("/ui/conversations/c 1", json=WHOLE)).status_code == 400


async def test_a_shared_conversation_is_read_without_signing_in_until_it_is_taken_back(stage: TeamStage) -> None:
    async with stage.client("bob") as bob, stage.client() as nobody:
        await bob.put("/ui/conversations/c1", json=WHOLE)
        path = (await bob.post("/ui/conversations/c1/share")).json()["path"]
        page = await nobody.get(f"/{path}")
        assert (page.status_code, title_of(page.text)) == (200, "About &lt;foxes&gt;")
        assert "<strong>Red</strong>" in page.text
        assert "the other branch" not in page.text, "only the branch that is open is shared"
        for danger in ("<script", "<b>raw", 'href="javascript'):
            assert danger not in page.text
        assert "script-src" not in page.headers["content-security-policy"]
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert (await nobody.get("/s/none")).status_code == 404
        assert (await bob.delete("/ui/conversations/c1/share")).status_code == 204
        assert (await nobody.get(f"/{path}")).status_code == 404


# ── the admin page ───────────────────────────────────────────────────────────────────────────────────


async def test_only_admins_see_the_admin_page(stage: TeamStage) -> None:
    async with stage.client("ann") as ann, stage.client("bob") as bob, stage.client() as nobody:
        assert (await ann.get("/admin")).status_code == 200
        assert (await ann.get("/ui/admin")).json()["database"] is True
        assert (await bob.get("/admin")).status_code == 403
        assert (await bob.get("/ui/admin")).status_code == 403
        assert (
            await bob.post("/ui/admin", json={"action": "people role", "name": "bob", "value": "admin"})
        ).status_code == 403
        assert (await nobody.get("/admin")).status_code == 401
        assert (
            await ann.post("/ui/admin", json={"action": "people role", "name": "bob", "value": "admin"})
        ).status_code == 200
        assert (await bob.get("/admin")).status_code == 200, "the role counts at once"


async def test_an_admin_makes_a_key_that_works_and_all_is_written_down(stage: TeamStage) -> None:
    async with stage.client("ann") as ann:
        made = await ann.post("/ui/admin", json={"action": "keys create", "name": "ci", "value": "5/minute"})
        key = made.json()["key"]
        async with stage.client(key=key) as program:
            assert (await ask(program)).status_code == 200
        data = (await ann.get("/ui/admin")).json()
        assert key not in str(data)
        (entry,) = data["keys"]
        assert (entry["name"], entry["state"], entry["limits"]) == ("ci", "active", "5/minute")
        newest = data["audit"][0]
        assert (newest["who"], newest["action"], newest["subject"]) == ("ann", "keys create", "ci")
        for bad in ({"action": "nonsense"}, {"action": "people role", "name": "x", "value": "king"}, {"what": 1}):
            assert (await ann.post("/ui/admin", json=bad)).status_code == 422
        assert (await ann.post("/ui/admin", json={"action": "keys revoke", "name": "none"})).status_code == 404


async def test_a_person_added_while_it_runs_can_sign_in(tmp_path: Path, simulator: Simulator) -> None:
    """At once, and at every process; the session is known to all others too, and a new password counts everywhere."""
    database = f"sqlite:///{tmp_path}/team.db"
    secret = "the-same-for-both"
    async with (
        team_stage(database, simulator, GROQ_CORE_SECRET=secret) as one,
        team_stage(database, simulator, GROQ_CORE_SECRET=secret) as other,
    ):
        team = one.core.team
        assert team is not None
        await team.people.add("eve", who="tests", password=hash_password("another horse"))
        async with httpx.AsyncClient(base_url=other.url) as http:
            guess = {"name": "eve", "password": "another horse"}
            assert (await http.post("/login", data=guess)).status_code == 303
            for url in (one.url, other.url):
                assert (await http.get(f"{url}/ui/pass")).status_code == 200
            await team.people.set_password("eve", hash_password("a third horse"), who="tests")
            assert (await http.post("/login", data=guess)).status_code == 401
            assert (await http.post("/login", data=guess | {"password": "a third horse"})).status_code == 303


async def test_who_was_added_after_the_last_look_is_found_by_the_next_however_soon_that_is_asked_for(
    stage: TeamStage,
) -> None:
    team = stage.core.team
    assert team is not None
    await team.look_for_people()
    await team.people.add("eve", who="tests", password="a hash")

    looked_at = team.directory.looked_at
    await asyncio.gather(*(team.look_for_people(0.2) for _ in range(5)))

    assert team.directory.hash_of("eve") == "a hash"
    assert team.directory.looked_at >= looked_at + 0.2


async def test_refused_sign_ins_are_seen_by_admins_without_what_was_typed(stage: TeamStage) -> None:
    async with httpx.AsyncClient(base_url=stage.url) as stranger:
        for name in ("bob", "hunter2-typed-into-the-wrong-field"):
            await stranger.post("/login", data={"name": name, "password": "guess"})
    team = stage.core.team
    assert team is not None
    await team.sign_ins.flush()
    async with stage.client("ann") as ann:
        seen = (await ann.get("/ui/admin")).json()["sign_ins"]

    assert [one["person"] for one in seen] == ["", "bob"]
    assert {one["address"] for one in seen} == {"127.0.0.1"}
    assert "hunter2" not in str(seen)


async def test_who_is_asking_is_seen_on_every_process_while_they_do(stage: TeamStage) -> None:
    team = stage.core.team
    assert team is not None
    stage.simulator.faults.add(Fault(kind="slow_first_token", seconds=5))
    async with stage.client("ann") as ann, stage.client("bob") as bob:
        question = {"turns": [{"role": "user", "text": "Something that takes a while"}]}
        asking = asyncio.create_task(bob.post("/ui/chat", json=question))

        async def look() -> Any:
            await team.asking.flush()
            return (await ann.get("/ui/admin")).json()["asking"]

        (one,) = await eventually(look)
        assert (one["person"], one["operation"], one["model"]) == ("bob", "chat", "auto")
        stage.simulator.faults.clear()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def test_a_group_s_limits_are_seen(stage: TeamStage) -> None:
    async with stage.client("ann") as ann:
        for command in (
            {"action": "people group", "name": "bob", "value": "lab"},
            {"action": "people limit", "name": "@lab", "value": "30 usd/month"},
            {"action": "people group", "name": "ann", "value": "office"},
        ):
            assert (await ann.post("/ui/admin", json=command)).status_code == 200
        groups = (await ann.get("/ui/admin")).json()["groups"]

    assert groups == [{"name": "lab", "limits": "30 usd/month"}, {"name": "office", "limits": None}]

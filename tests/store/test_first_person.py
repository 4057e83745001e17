"""From the moment at which the first person is in the database the page is for those who sign in, without a restart."""

from __future__ import annotations

from pathlib import Path

import httpx

from groq_core.simulator import Simulator
from groq_core.store.people import PeopleStore
from tests.store.stage import TeamStage, ask, eventually, password_hash, team_stage

CLOSED = ("/", "/config", "/ui/pass", "/gradio_api/info")
OPEN = ("/health", "/ready")


async def statuses(http: httpx.AsyncClient, *paths: str) -> set[int]:
    return {(await http.get(path)).status_code for path in paths}


def people_of(stage: TeamStage) -> PeopleStore:
    team = stage.core.team
    assert team is not None
    return team.people


async def test_the_first_person_closes_the_page_of_a_server_that_runs(tmp_path: Path, simulator: Simulator) -> None:
    async with (
        team_stage(f"sqlite:///{tmp_path}/team.db", simulator, people=()) as stage,
        httpx.AsyncClient(base_url=stage.url, timeout=30) as stranger,
    ):
        assert await statuses(stranger, *CLOSED, *OPEN) == {200}
        assert (await ask(stranger)).status_code == 200
        await people_of(stage).add("bob", who="tests")  # who signs in elsewhere has no password here
        await people_of(stage).add("ann", who="tests", password=password_hash())
        async with stage.client("ann") as ann:  # at once, and not only when somebody has looked
            assert await statuses(ann, *CLOSED, "/admin") == {200}
        assert await statuses(stranger, *CLOSED) == {401}
        assert await statuses(stranger, *OPEN) == {200}
        assert (await ask(stranger)).status_code == 401

        await people_of(stage).remove("ann", who="tests")
        assert await statuses(stranger, *CLOSED) == {401}, "taking the last one away opens nothing"


async def test_nobody_has_to_come_for_the_page_to_close(tmp_path: Path, simulator: Simulator) -> None:
    async with (
        team_stage(f"sqlite:///{tmp_path}/team.db", simulator, people=()) as stage,
        httpx.AsyncClient(base_url=stage.url, timeout=30) as stranger,
    ):
        assert await statuses(stranger, "/") == {200}
        await people_of(stage).add("ann", who="tests", password=password_hash())

        async def is_closed() -> bool:
            return await statuses(stranger, *CLOSED) == {401}

        assert await eventually(is_closed, 20)

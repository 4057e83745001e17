"""A process behind nginx that can be broken: ours, or LiteLLM's proxy for the same campaign beside it."""

from __future__ import annotations

import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import aiohttp

from benchmarks.breakable import Breakable, until_open
from benchmarks.crossing import Crossing
from benchmarks.processes import LITELLM, PEERS, ROOT, environment, free_port, peer_python

SECRET = "campaign-secret-that-all-replicas-share"


class Replica(Breakable):
    """A process with ways of its own to Redis and PostgreSQL, and a clock of its own."""

    def __init__(self, number: int, folder: Path, redis: Crossing, postgres: Crossing, model: str) -> None:
        self.redis, self.postgres, self.port = redis, postgres, free_port()
        self.log = folder / f"replica{number}.log"
        self._skew = folder / f"skew{number}"
        self._env = environment(
            CAMPAIGN_SKEW=str(self._skew),
            PYTHONPATH=str(ROOT / "benchmarks" / "campaign" / "skew"),
            **self.settings(folder / f"state{number}", model),
        )
        self.set_clock(0.0)

    @property
    def command(self) -> tuple[str, ...]:
        return sys.executable, "-m", "groq_core", "serve"

    def settings(self, state: Path, model: str) -> dict[str, str]:
        """What its environment says beside the clock."""
        return {
            "GRADIO_SERVER_PORT": str(self.port),
            "GROQ_API_KEY": "gsk_campaign_key_of_the_operator",
            "GROQ_BASE_URL": model,
            "GROQ_CORE_SECRET": SECRET,
            "GROQ_CORE_REDIS_URL": f"redis://127.0.0.1:{self.redis.port}/0",
            "GROQ_CORE_DATABASE": f"postgresql+psycopg://team@127.0.0.1:{self.postgres.port}/postgres",
            "GROQ_CORE_STATE_DIR": str(state),
            "GROQ_CORE_TRUSTED_PROXIES": "127.0.0.1",
            "GROQ_CORE_ALLOWED_HOSTS": "127.0.0.1",
            "GROQ_CORE_LOG_LEVEL": "warning",
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set_clock(self, ahead_s: float) -> None:
        self._skew.write_text(str(ahead_s))

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self.command, env=self._env, cwd=ROOT, stdout=log, stderr=log)

    async def until_open(self) -> None:
        """Wait until it serves; one that could not start is started again, as whatever looks after it would do."""
        for _ in range(6):
            with suppress(OSError):
                await until_open(self.port, 30.0)
                return
            if self._process is not None and self._process.poll() is not None:
                self.start()
        await until_open(self.port)

    def fill_disk(self, full: bool) -> None:
        """Nothing more can be written to files, as on a disk without room."""
        if self._process is not None:
            _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
            soft = 0 if full else hard
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (soft, hard))

    async def in_step(self, http: aiohttp.ClientSession, replicas: int) -> bool:
        """Whether it says that it shares its state with all others, and that the database answers."""
        wanted = {"shared": "in step", "replicas": replicas, "database": "in step"}
        return wanted.items() <= (await self._get(http, "/ready")).items()

    async def _get(self, http: aiohttp.ClientSession, path: str) -> dict[str, Any]:
        """What it says of itself; empty while it does not answer."""
        try:
            async with http.get(f"{self.url}{path}", timeout=aiohttp.ClientTimeout(2)) as answer:
                found: dict[str, Any] = await answer.json()
                return found
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return {}


class LiteLLM(Replica):
    """
    LiteLLM's proxy with Redis, one worker: two names for one model, of which one has a budget a day.

    Without a database, whose client fetches its engine from the network when it is installed: it has one key, and no
    people. What it spends is a deployment's, which its replicas add up in Redis.
    """

    KEY: ClassVar[str] = "sk-campaign-key-of-everybody"

    @property
    def command(self) -> tuple[str, ...]:
        words = ("--config", str(PEERS / "litellm_campaign.yaml"), "--host", "127.0.0.1", "--port", str(self.port))
        return (str(Path(peer_python()).with_name("litellm")), *words, "--num_workers", "1", "--telemetry", "False")

    def settings(self, state: Path, model: str) -> dict[str, str]:
        return LITELLM | {
            "BENCH_GROQ": f"{model}/openai/v1",
            "LITELLM_MASTER_KEY": self.KEY,
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(self.redis.port),
        }

    async def in_step(self, http: aiohttp.ClientSession, replicas: int) -> bool:
        """Whether it answers: of Redis and of other replicas it says nothing."""
        return bool(await self._get(http, "/health/readiness"))

"""
Say what works and what does not, a line each with the mend: keys, networks, addresses, tools, the port, the pins.

Groq and the backup are really asked, one list call each with the real key, since a key that is set says nothing
about whether it is taken.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from groq_core.errors import GroqCoreError, Kind, ProviderError
from groq_core.settings.ports import listening_fault
from groq_core.settings.state_folder import state_folder_fault
from groq_core.terminal import for_terminal

if TYPE_CHECKING:
    from groq_core.providers import Provider
    from groq_core.settings.settings import Settings
    from groq_core.status.snapshot import Snapshot

HELP = "say what works and what does not, with the mend"
EPILOG = "Exit status 1 when a request would find nobody to answer it now."

ASKING_S: Final = 8.0
"""Seconds a provider gets to list its models."""

NOT_THE_API: Final = "Something else may answer there: look at {address}."

MENDS: Final[Mapping[Kind, str]] = {
    Kind.AUTH: "The key is refused. Make a new one{where} and set {variable}.",
    Kind.NOT_PERMITTED: "The key may not do this; look at its permissions{where}.",
    Kind.CONNECTION: "Nobody answers there: look at the network, a proxy (HTTPS_PROXY), and {address}.",
    Kind.RATE_LIMITED: "The key is taken; its limit is spent for now.",
    Kind.QUOTA_EXHAUSTED: "The key is taken; its money is spent.",
}


def arguments(command: argparse.ArgumentParser) -> None:
    """`doctor` takes none."""


async def run(args: argparse.Namespace) -> int:
    from groq_core.compose import assemble
    from groq_core.settings.env_file import load

    settings = load()
    # The state of a team is asked by itself, so that one part that is away hides nothing of the others.
    async with assemble(replace(settings, database=None, redis_url=None)) as core:
        real = {} if settings.is_simulated else core.clients.by_name
        asked, (state, usable) = await asyncio.gather(
            asyncio.gather(*(provider_line(name, provider, settings) for name, provider in real.items())),
            state_lines(settings),
        )
        await core.catalogue.refresh()
        snapshot = core.board.snapshot()
        lines = [
            *settings_lines(settings),
            *(line for line, _ in asked),
            *model_lines(snapshot),
            *state,
            ffmpeg_line(),
            state_folder_line(settings),
            port_line(settings.server_name, settings.server_port),
            pins_line(),
        ]
    for line in lines:
        print(for_terminal(line))  # a server may have had its part in the words
    answered = not asked or any(answers for _, answers in asked)
    return 0 if snapshot.ready and answered and usable else 1


async def state_lines(settings: Settings) -> tuple[list[str], bool]:
    """Lines for the secret, the database and Redis, where they are set, and whether a server could start with them."""
    from groq_core.cli.doctor_state import database_line, redis_line, secret_line

    lines, usable = [], True
    if settings.secret is not None or settings.sign_in or settings.database is not None:
        lines.append(await secret_line(settings.secret, settings.database))
    if settings.database is not None:
        line, usable = await database_line(settings.database)
        lines.append(line)
    if settings.redis_url is not None:
        lines.append(await redis_line(settings.redis_url))
    return lines, usable


def settings_lines(settings: Settings) -> list[str]:
    """One line for the mode, for the file that was read, for a key that is missing, and for each warning."""
    if settings.offline:
        lines = ["mode       simulator, as GROQ_CORE_OFFLINE asks"]
    elif settings.is_simulated:
        lines = ["mode       simulator: no key is set. Set GROQ_API_KEY (console.groq.com/keys) for real models."]
    else:
        lines = ["mode       live"]
    lines.append(f"settings   {settings.source}")
    if not settings.groq_api_key:
        lines.append("groq       no key. Set GROQ_API_KEY, from console.groq.com/keys.")
    if not settings.has_backup:
        lines.append("backup     none. Set OPENAI_API_KEY or OPENAI_BASE_URL, and answers go on when Groq cannot.")
    return [*lines, *(f"warning    {warning}" for warning in settings.warnings)]


async def provider_line(name: str, provider: Provider, settings: Settings) -> tuple[str, bool]:
    """
    Ask a provider for its models.

    Returns:
        What came of it, with the mend where it is none of a healthy one, and whether a request would be answered there.
    """
    if name == "groq":
        label, variable, where = "groq", "GROQ_API_KEY", " at console.groq.com/keys"
        address, setting = settings.groq_base_url or "https://api.groq.com", "GROQ_BASE_URL"
    else:
        label, variable, where = "backup", "OPENAI_API_KEY", ""
        address, setting = settings.openai_base_url or "https://api.openai.com/v1", "OPENAI_BASE_URL"
    if name == "groq" and settings.groq_api_key is None:
        return "groq       not asked: visitors bring their own keys.", False
    try:
        async with asyncio.timeout(ASKING_S):
            entries = await provider.models()
    except TimeoutError:
        mend = MENDS[Kind.CONNECTION].format(address=setting)
        return f"{label:<10} no answer from {address} within {ASKING_S:g} s. {mend}", False
    except ProviderError as error:
        mend = _mend(error).format(where=where, variable=variable, address=setting)
        return f"{label:<10} {address}: {error.message.rstrip('.')}. {mend}", error.kind is Kind.RATE_LIMITED
    except (GroqCoreError, OSError) as error:
        return f"{label:<10} {address}: {error}. Look at {setting}.", False
    if not entries:
        return f"{label:<10} {address} lists no models. {NOT_THE_API.format(address=setting)}", False
    return f"{label:<10} {address} answers and lists {len(entries)} models", True


def _mend(error: ProviderError) -> str:
    nobody = error.kind in (Kind.CONNECTION, Kind.TIMEOUT_FIRST_TOKEN)
    if error.status is None and nobody:
        return MENDS[Kind.CONNECTION]
    if error.kind in MENDS and not nobody:
        return MENDS[error.kind]
    return "It has trouble of its own; try again in a moment." if (error.status or 0) >= 500 else NOT_THE_API


def model_lines(snapshot: Snapshot) -> list[str]:
    """One line for the catalogue, each tier and each target that is out of order."""
    catalogue = snapshot.catalogue
    age = f", {catalogue.age_s:.0f} s old" if catalogue.age_s else ""
    lines = [f"catalogue  {catalogue.source}{age}. {catalogue.note}".rstrip(". ")]
    lines += [f"{tier.tier:<10} {tier.target or 'nobody'}: {tier.why}" for tier in snapshot.tiers]
    lines += [
        f"target     {target.name} is {target.state}. {target.last_error_text or target.note}".rstrip()
        for target in snapshot.targets
        if target.state in ("resting", "no_key")
    ]
    if not snapshot.ready:
        lines.append(f"not ready  {snapshot.not_ready_why}")
    return lines


def ffmpeg_line() -> str:
    """Without ffmpeg only WAV, FLAC, OGG and MP3 are read, and long recordings are not cut."""
    found = shutil.which("ffmpeg")
    if found:
        return f"ffmpeg     {found}"
    return "ffmpeg     not found: recordings other than WAV, FLAC, OGG and MP3 are refused. Install it, or go without."


def state_folder_line(settings: Settings) -> str:
    """Where files and batches are kept, and whether they can be."""
    return f"state      {state_folder_fault(settings.state_folder) or settings.state_folder}"


def port_line(host: str, port: int) -> str:
    """Whether `serve` could listen now."""
    fault = listening_fault(host, port)
    if fault is None:
        return f"port       {port} is free" if port else "port       any free one"
    what, mend = fault
    return f"port       {what}. {mend}"


def pins_line() -> str:
    """Whether what is installed is what was tested."""
    from packaging.requirements import Requirement

    file = Path(__file__).parents[2] / "requirements.txt"
    if not file.is_file():
        return "pins       not checked: there is no requirements.txt beside an installed package"
    wrong = []
    for line in file.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if not text or text.startswith("-"):
            continue
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            have = version(wanted.name)
        except PackageNotFoundError:
            wrong.append(f"{wanted.name} is missing")
            continue
        if not wanted.specifier.contains(have, prereleases=True):
            wrong.append(f"{wanted.name} is {have}, tested with {wanted.specifier}")
    if not wrong:
        return "pins       installed as tested"
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return f"pins       {'; '.join(wrong[:3])}{more}. Run: pip install -r requirements.txt"

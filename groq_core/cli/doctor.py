"""Say what works and what does not: settings, keys, catalogue, and which model each tier resolves to."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from groq_core.settings.settings import Settings
    from groq_core.status.snapshot import Snapshot

HELP = "say what works and what does not, with the mend"
EPILOG = "Exit status 1 when a request would find nobody to answer it now."


def arguments(command: argparse.ArgumentParser) -> None:
    """`doctor` takes none."""


async def run(args: argparse.Namespace) -> int:
    from groq_core.compose import assembled
    from groq_core.settings.settings import load

    settings = load()
    async with assembled(settings) as core:
        await core.catalogue.refresh()
        snapshot = core.board.snapshot()
        for line in (*about_settings(settings), *about_models(snapshot)):
            print(line)
    return 0 if snapshot.ready else 1


def about_settings(settings: Settings) -> list[str]:
    """One line for each key, and one for each thing that is probably not meant."""
    if settings.offline:
        lines = ["mode       simulator, as GROQ_CORE_OFFLINE asks"]
    elif settings.simulated:
        lines = ["mode       simulator: no key is set. Set GROQ_API_KEY (console.groq.com/keys) for real models."]
    else:
        lines = ["mode       live"]
    where = settings.groq_base_url or "https://api.groq.com"
    lines.append(
        f"groq       key set, {where}"
        if settings.groq_api_key
        else "groq       no key. Set GROQ_API_KEY, from console.groq.com/keys."
    )
    lines.append(
        f"backup     {settings.openai_base_url or 'https://api.openai.com/v1'}"
        if settings.has_backup
        else "backup     none. Set OPENAI_API_KEY or OPENAI_BASE_URL, and answers go on when Groq cannot."
    )
    return [*lines, *(f"warning    {warning}" for warning in settings.warnings)]


def about_models(snapshot: Snapshot) -> list[str]:
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

"""Date and time: now, anywhere, and how far apart two days are."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from groq_core.services.agent.tools import ArgumentsError, Tool, tool

_FARTHEST: Final = 400_000
"""Days that may be added: some thousand years."""


def clock_tools(now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> list[Tool]:
    """
    Make the tools of date and time.

    Args:
        now: The time, with its zone.
    """

    @tool(timeout=5)
    async def current_time(timezone: str = "UTC") -> dict[str, str | int]:
        """
        Tell the date and time now.

        Args:
            timezone: IANA name such as Europe/Berlin or America/New_York, or a city.
        """
        here = now().astimezone(zone(timezone))
        return {
            "date": here.date().isoformat(),
            "time": here.strftime("%H:%M:%S"),
            "weekday": here.strftime("%A"),
            "week": here.isocalendar().week,
            "timezone": str(here.tzinfo),
            "utc_offset": here.strftime("%z"),
        }

    return [current_time, add_to_date, days_between]


def zone(name: str) -> ZoneInfo:
    """
    Find a time zone, by its name or by its city alone where only one has it.

    Raises:
        ArgumentsError: There is none of that name, or several; the message tells those spelt alike.

    >>> str(zone("tokyo"))
    'Asia/Tokyo'
    """
    known = available_timezones()
    if name in known:
        return ZoneInfo(name)
    wanted = name.strip().replace(" ", "_").casefold()
    near = [one for one in sorted(known) if one.casefold() == wanted or one.casefold().endswith("/" + wanted)]
    if len(near) == 1:
        return ZoneInfo(near[0])
    near = near or difflib.get_close_matches(name, known, n=3)
    hint = f"; perhaps {' or '.join(near[:3])}?" if near else "; names look like Europe/Berlin"
    raise ArgumentsError(f"there is no time zone {name!r}{hint}")


@tool(timeout=5)
async def add_to_date(start: date, amount: int, unit: Literal["days", "weeks", "months", "years"] = "days") -> str:
    """
    Count forward or back from a date.

    Args:
        start: YYYY-MM-DD.
        amount: How many; negative counts back.
        unit: Of the amount. A day that a month does not have becomes its last.
    """
    days = {"days": 1, "weeks": 7, "months": 31, "years": 366}[unit]
    if abs(amount) * days > _FARTHEST:
        raise ArgumentsError(f"{amount} {unit} is too far")
    try:
        if unit in ("days", "weeks"):
            found = start + timedelta(days=amount * days)
        else:
            found = _months_later(start, amount if unit == "months" else 12 * amount)
    except (OverflowError, ValueError):
        raise ArgumentsError("that is beyond the calendar") from None
    return f"{found.isoformat()} ({found:%A})"


def _months_later(start: date, months: int) -> date:
    years, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    first = date(years, month + 1, 1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(start.day, last.day))


@tool(timeout=5)
async def days_between(first: date, second: date) -> dict[str, int | str]:
    """
    Count the days from one date to another.

    Args:
        first: YYYY-MM-DD.
        second: YYYY-MM-DD; earlier than the first gives a negative number.
    """
    days = (second - first).days
    weeks, rest = divmod(abs(days), 7)
    return {"days": days, "weeks_and_days": f"{weeks} weeks {rest} days", "weekdays": f"{first:%A} to {second:%A}"}

"""Tools that come with the agent; none of them changes anything or reaches out."""

from groq_core.services.agent.builtin.calculator import calculate
from groq_core.services.agent.builtin.clock import clock_tools
from groq_core.services.agent.builtin.conversation_files import file_tools
from groq_core.services.agent.builtin.units import convert_unit
from groq_core.services.agent.tools import Tool


def builtin_tools() -> list[Tool]:
    """Calculator, units, date and time."""
    return [calculate, convert_unit, *clock_tools()]


__all__ = ["builtin_tools", "calculate", "clock_tools", "convert_unit", "file_tools"]

"""Chat with tools until done."""

from groq_core.services.agent.builtin import builtin_tools, calculate, clock_tools, convert_unit, file_tools
from groq_core.services.agent.calling import Call, Result
from groq_core.services.agent.fold import Called, Step, Trace
from groq_core.services.agent.hosted import Hosted
from groq_core.services.agent.loop import Agent, Approve
from groq_core.services.agent.remote import remote_tools
from groq_core.services.agent.tools import ArgumentsError, Tool, tool

__all__ = [
    "Agent",
    "Approve",
    "ArgumentsError",
    "Call",
    "Called",
    "Hosted",
    "Result",
    "Step",
    "Tool",
    "Trace",
    "builtin_tools",
    "calculate",
    "clock_tools",
    "convert_unit",
    "file_tools",
    "remote_tools",
    "tool",
]

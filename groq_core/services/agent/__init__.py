"""Chat with tools until done."""

from groq_core.services.agent.builtin import builtin_tools, calculate, clock_tools, convert_unit, file_tools
from groq_core.services.agent.calling import Call, Result
from groq_core.services.agent.fold import Called, Step, Trace
from groq_core.services.agent.hosted import Hosted
from groq_core.services.agent.limits import Limits, Price
from groq_core.services.agent.loop import Agent, Approve
from groq_core.services.agent.remote import remote_tools
from groq_core.services.agent.results import Mixed, Picture
from groq_core.services.agent.run import Run
from groq_core.services.agent.state import Pending, RunState
from groq_core.services.agent.tools import ArgumentsError, Tool, tool
from groq_core.services.agent.visible import for_terminal, whole_call

__all__ = [
    "Agent",
    "Approve",
    "ArgumentsError",
    "Call",
    "Called",
    "Hosted",
    "Limits",
    "Mixed",
    "Pending",
    "Picture",
    "Price",
    "Result",
    "Run",
    "RunState",
    "Step",
    "Tool",
    "Trace",
    "builtin_tools",
    "calculate",
    "clock_tools",
    "convert_unit",
    "file_tools",
    "for_terminal",
    "remote_tools",
    "tool",
    "whole_call",
]

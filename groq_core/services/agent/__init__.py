"""Chat with tools until done."""

from groq_core.services.agent.agent import Agent, Approve
from groq_core.services.agent.agent_run import AgentRun
from groq_core.services.agent.builtin import builtin_tools, calculate, clock_tools, convert_unit, file_tools
from groq_core.services.agent.calling import BoundCall, Result
from groq_core.services.agent.hosted import Hosted
from groq_core.services.agent.mcp_server import remote_tools
from groq_core.services.agent.paused_run import Pending, RunState
from groq_core.services.agent.results import Mixed, ToolPicture
from groq_core.services.agent.run_limits import AgentLimits, Price
from groq_core.services.agent.steps import Called, Step, Trace
from groq_core.services.agent.tools import ArgumentsError, Tool, tool
from groq_core.services.agent.visible import for_terminal, whole_call

__all__ = [
    "Agent",
    "AgentLimits",
    "AgentRun",
    "Approve",
    "ArgumentsError",
    "BoundCall",
    "Called",
    "Hosted",
    "Mixed",
    "Pending",
    "Price",
    "Result",
    "RunState",
    "Step",
    "Tool",
    "ToolPicture",
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

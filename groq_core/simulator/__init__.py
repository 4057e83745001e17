"""
The wire from the other side: an honest stand-in for the Groq and OpenAI HTTP APIs.

Imports nothing of the rest of groq_core, so that what the tests talk to shares no mistake with what they test.
"""

from groq_core.simulator.faults import Fault, Faults
from groq_core.simulator.server import Simulator, serve
from groq_core.simulator.world import SeenRequest

__all__ = ["Fault", "Faults", "SeenRequest", "Simulator", "serve"]

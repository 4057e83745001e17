"""The best way to use Groq from a browser, a script and a service."""

__version__ = "0.1.0"

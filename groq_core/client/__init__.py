"""
Groq's own client with the chain behind it, in this process: a script gains it by one changed import.

- ``groq_client``: `groq_core.AsyncGroq` and `groq_core.Groq`.
- ``in_process``: The way from an HTTP client to an ASGI application in the same process, streaming both while it
  goes.

Programs import it as ``groq_core.Groq`` and ``groq_core.AsyncGroq``; nothing in the package does.
"""

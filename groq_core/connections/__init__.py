"""
The connections of this server: how large a head, how slow a body, how many at once.

- ``bytes``: One budget for the bytes that requests hold in memory.
- ``guard``: uvicorn's fastest HTTP protocol, with the bounds it does not have.
- ``line``: The way from an answer to its client's socket, with neither a task nor a message in between.
- ``scarcity``: What to answer when the machine has run out of something.
"""

"""
The connections of this server: how large a head, how slow a body, how many at once, and which process takes them.

- ``bytes``: One budget for the bytes that requests hold in memory.
- ``event_loop``: The event loop that everything runs on, and what belongs to one.
- ``guard``: uvicorn's fastest HTTP protocol, with the bounds it does not have.
- ``large_blocks``: Large blocks of memory, given back to the system when they are done with.
- ``line``: The way from an answer to its client's socket, with neither a task nor a message in between.
- ``scarcity``: What to answer when the machine has run out of something.
- ``workers``: Several processes behind one port: a parent that answers nothing, starts them, starts a dead one again,
  and ends them.

Imported by ``api``, ``cli``, ``client``, ``compose``, ``gradio``, ``media``, ``serve``, ``services``, ``store`` and
``ui``.
"""

"""
How everything is doing at one moment, and who is told when it changes.

- ``board``: The state of everything, read by the router and shown on the status panel.
- ``snapshot``: What is going on, frozen at one moment.
- ``watch``: Follow the state: now, after every change, and from time to time when nothing changes.

Imported by ``api``, ``cli``, ``compose``, ``gradio``, ``services`` and ``ui``.
"""

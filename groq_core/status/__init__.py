"""
How everything is doing at one moment, and who is told when it changes.

- ``board``: The state of everything, read by the router and shown on the status panel.
- ``snapshot``: What is going on, frozen at one moment.

Imported by ``api``, ``cli``, ``compose``, ``gradio``, ``services`` and ``ui``.
"""

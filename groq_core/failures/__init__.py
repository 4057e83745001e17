"""
What kinds of failure there are, how one is recognised, and what follows from it.

- ``classify``: Tell what kind of failure it was.
- ``complaint``: What an error body says, whichever envelope it came in.
- ``policy``: What to do about each kind of failure: one table, and how long a target is left alone after one.

Imported by ``fallback``, ``middleware``, ``providers``, ``status`` and ``streaming``.
"""

"""
Which targets could answer a request, in which order, and why.

- ``availability``: How targets are doing for whoever asks, and what follows: a request's route, every tier's target.
- ``candidate``: A route and what it is made of: candidates in their order, and who was passed over.
- ``route``: Whom to ask, in which order, and why: a pure function of what is needed and what is alive.
- ``route_cache``: Routes, remembered while nothing they hang on changes.
- ``target_state``: How a target is doing, and which target a tier resolves to, in the words the panel uses.
- ``wording``: Why a route is as it is, in one sentence for the person who asked.

Imported by ``compose``, ``fallback`` and ``status``.
"""

"""
What a model is, which there are, what they cost, and which of them make up a tier.

- ``catalogue``: Which models can be asked for now: the registry, corrected by the provider's own list.
- ``disagreements``: Where a price list of others says something else than the registry, and why the registry stands.
- ``discovery``: Read one object of ``GET /models``: what the provider itself says of a model.
- ``pricing``: What an answer costs, by the registry's prices.
- ``providers``: Who can be asked beside Groq and the backup.
- ``registry``: The registry: every model we know of, with its figures, their source and the day they were read.
- ``spec``: What a model is: what may be asked of it, its figures, its price, where it is in its life.
- ``tiers``: Whom to ask for what: each tier is a preference list.

Imported by ``api``, ``cli``, ``compose``, ``fallback``, ``middleware``, ``pipeline``, ``providers``, ``router``,
``serve``, ``services``, ``status`` and ``ui``.
"""

"""
What a provider allows: its headers, its plans, buckets that mirror its limits, and what a request will take.

- ``buckets``: How much a provider still lets us ask: linear-refill buckets, and what requests under way hold in them.
- ``budgets``: Where the buckets live, by credential and target, and how the panel shows them.
- ``cost``: What a request takes of a provider's limits.
- ``estimates``: Guess a request's tokens, and learn from every answer how far off the guess was.
- ``headers``: What a provider says about its limits.
- ``limit_status``: One bucket of a target as the status panel shows it.
- ``lines_part``: The part of a limit that the lines of batches get however many people ask.
- ``personal_limits``: What one person has used, and whether there is something left.
- ``plans``: What a Groq plan allows each model: limits the headers show, and those they hide.
- ``waiting``: Whose turn it is to ask a target: a queue in front of its buckets, fair between users.

Imported by ``api``, ``compose``, ``failures``, ``middleware``, ``services``, ``status``, ``store`` and ``ui``.
"""

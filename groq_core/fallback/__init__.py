"""
One target after another until one answers, and what is remembered of those that did not.

- ``chain``: Try one target after another until one answers, and never show a reader half an answer as a whole one.
- ``decide``: What a failure means for the request it struck.
- ``ending``: Nobody answered: what the caller is told, and which of many causes is the one that counts.
- ``health``: Who is awake: a breaker for every target and for every provider, kept per credential.
- ``hedge``: Ask a second target beside a first that stays silent for longer than it usually does.
- ``run``: One user request on its way down the chain: what is sent, what the reader has, who is still to be asked.
- ``shrink``: Make a request fit.
- ``splice``: Join an answer that broke off to what another attempt goes on to write.
- ``turns``: Whose turn it is.

Imported by ``compose``, ``middleware``, ``status``, ``store`` and ``ui``.
"""

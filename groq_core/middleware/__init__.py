"""
What stands between a request and a provider, one thing a module.

- ``allowance``: Hold everybody to the requests that one person may make.
- ``breaker``: Remember how each target does, so that the next request knows whom to ask.
- ``cache``: Answer what was answered before, and let the same question asked twice at once be asked once.
- ``deadline``: Give up on a model that has gone quiet.
- ``log``: One line for every request, written when its stream ends, breaks or is left: who, how long, which attempts.
- ``observe``: Time one upstream request, number it, and tell its story.
- ``rate_guard``: Ask for no more than the provider allows, so that it never has to say no.
- ``retry``: Ask the same model again after a transient failure, as long as nobody has read anything yet.
- ``spending``: Spend no more than there is: hold what an attempt can cost before it is sent, settle when it is over.

Imported by ``compose``, ``services``, ``status``, ``store`` and ``ui``.
"""

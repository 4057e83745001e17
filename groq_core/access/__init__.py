"""
Who may ask: names, origins, proxies and sessions; what both edges decide by, before either does anything.

- ``door``: The door of the whole application: every request passes it, the page's and Gradio's as well as the API's.
- ``ended_file``: Sessions that somebody ended, in a file of the state folder: where there is no database, for the next
  start.
- ``host_names``: The names under which this server may be addressed.
- ``kept_secret``: What signs page passes where the operator has set no secret.
- ``origins``: Which page a request comes from: our own, one that the operator lets in, or somebody else's.
- ``passwords``: Names and passwords of a file, and the form a password is kept in.
- ``refused_sign_ins``: Sign-ins that were refused, for an admin to look at.
- ``sessions``: Signed words that a browser keeps.
- ``throttle``: How often somebody may guess: five times for nothing, then after waits that double.
- ``visit``: What a request's address, name and origin say, read once at the door and carried along with it.

Imported by ``api``, ``cli``, ``ratelimit``, ``serve``, ``services``, ``store`` and ``ui``.
"""

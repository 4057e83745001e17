"""
What the environment says, read once.

- ``addresses``: Texts into addresses: each parser returns a value, or raises ValueError saying what is allowed.
- ``cautions``: What is probably not meant in the settings, though it stops nothing.
- ``env_file``: Settings from the file `.env` and the environment.
- ``limits``: What one person may use: ``20/minute, 500/day, 2 usd/day, 30 usd/month``.
- ``mcp_parsers``: Texts into what is known of MCP servers, as ``parsers`` does.
- ``of_others``: Variables of others that libraries of ours heed, and would end in a trace or a bare sentence over.
- ``parsers``: Texts into settings: each parser returns a value, or raises ValueError saying what is allowed.
- ``ports``: Whether a port can be listened on, and which is the next that can.
- ``settings``: The environment as one frozen object, read once, with every fault reported at once.
- ``spaces``: What is set by itself where the server runs in a Space of Hugging Face.
- ``state_folder``: Whether what is to last can be written into the state folder.
- ``team_extra``: Whether what only a team needs is installed.
- ``variable``: One variable of the environment: its name, how it is parsed, and what it means.

Imported by ``cli``, ``client``, ``compose``, ``connections``, ``gradio``, ``models``, ``providers``, ``ratelimit``,
``serve``, ``services``, ``store`` and ``ui``.
"""

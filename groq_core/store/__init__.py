"""
What lasts: people, their API keys, what they spent and their conversations, in a database of the operator's.

- ``absence``: Why a database is away, in a few words that name no address and no user, and which errors tell of it at
  all.
- ``allowances``: What people, keys and groups may use, by the database: the limits behind every request and every
  attempt.
- ``asking_now``: Who is asking now, on whichever process: each writes down its own once a second, while anybody asks.
- ``audit``: Who changed what, and what admins announce.
- ``backup``: Back the database up into one file, and read it back, into the same kind of database or the other.
- ``bank``: Lends parts of limits out of the database; by its clock, so that replicas whose clocks differ agree.
- ``books``: The ledger: written together twice a second, read by person, key, model and day.
- ``conversations``: Conversations of people who signed in: kept, found again, shared by link, exported and deleted.
- ``database``: One connection pool, and transactions for reading and for writing, the same on SQLite and PostgreSQL.
- ``database_shelf``: What every replica should find, in the database.
- ``ended_sessions``: Sessions that somebody ended before their time, on whichever process, so that no restart makes
  them good again.
- ``in_use``: Whether servers run on a database: nothing is read back into one under their hands, and none starts
  meanwhile.
- ``keys``: API keys of people and programs: made once, shown once, kept as a hash.
- ``loans``: What people may use, as loans: a process borrows a little of a limit, spends it without asking, and gives
  the rest back.
- ``migrate``: Bring the tables up to date with Alembic, from the migrations that travel inside the package.
- ``once``: Writes that count once, though nobody may have heard that they were done: the answer to a commit can be
  lost.
- ``opening``: Open what the settings name: the database, and what replicas share. Only who has one waits for its
  libraries.
- ``people``: People: their roles, passwords, limits and groups.
- ``presence``: Whether the database is there: while it is known to be away, nobody waits for it in vain.
- ``secret_mark``: Since when servers sign with which secret, by a mark from which nobody learns it.
- ``shapes``: Conversations as they go in and out, for those who need not know how they are kept.
- ``shared``: State that replicas share for a short while, in Redis or Valkey. Without it each goes on alone with its
  share.
- ``shelf``: A place for what every replica should find, behind one protocol: the database, or Redis where there is
  none.
- ``sign_in_log``: Refused sign-ins of every process, for a month; written together once a second.
- ``sqlite_connection``: Connections to SQLite: one that closes, however often who uses it is called off, and one that
  tries to write; and whether the file that is open is still the one of its name.
- ``tables``: The tables. A change here is a migration in ``migrations/versions``.
- ``team``: Everything of a team in one place, and the tasks that keep it.

Imported by ``api``, ``cli``, ``compose``, ``serve``, ``services`` and ``ui``.
"""

"""Conversations of people who signed in: kept, found again, shared by link, exported and deleted."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from groq_core.errors import RequestError
from groq_core.store.database import Database, clock_of
from groq_core.store.people import was_removed
from groq_core.store.shapes import FOUND, MAX_MESSAGES, Body, Head, SearchHit, Whole, check_id
from groq_core.store.tables import Conversation, DeletedConversation, Message, Person

DELETED_KEPT_S: Final = 30 * 86_400.0
"""How long a deletion stands against what another device writes late: pages stay open for weeks."""


class ConversationDeletedError(RequestError):
    """
    A change to a conversation that was deleted, status 410.

    Attributes:
        ago_s: Seconds since it was deleted: what was asked before that goes with it, what is asked after it brings it
            back.
    """

    def __init__(self, ago_s: float) -> None:
        super().__init__("this conversation was deleted", status=410, code="conversation_deleted")
        self.ago_s = ago_s


class Conversations:
    """
    All methods name the owner, and reach nothing of anybody else's.

    Raises:
        RequestError: 400 for what is no conversation or message, 404 for one that is not there, 403 for
            somebody who was taken away.
        ConversationDeletedError: For a change to one that was deleted; :meth:`put` brings it back.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def heads(self, owner: str) -> list[Head]:
        """What the list shows, last changed first."""
        query = (
            select(Conversation.head, Conversation.share)
            .where(Conversation.owner == owner)
            .order_by(Conversation.updated.desc())
        )
        async with self._database.reading() as connection:
            return [_with_share(head, share) for head, share in await connection.execute(query)]

    async def read(self, owner: str, id: str) -> Whole | None:
        async with self._database.reading() as connection:
            return await _read(connection, owner, id)

    async def put_head(self, owner: str, head: Head, changed: Collection[str] | None = None) -> None:
        """
        Keep the head of a conversation.

        Args:
            changed: Names of what is new in it; the rest may be older than what is kept, and is not written. None for
                all of it.
        """
        async with self._database.writing() as connection:
            if changed is not None:
                head = await _merge_head(connection, owner, head, changed)
            await _put_head(connection, owner, head)

    async def put_message(self, owner: str, id: str, body: Body) -> None:
        """Add a message, or change it where it is there already."""
        async with self._database.writing() as connection:
            # Whoever deletes the conversation meanwhile waits for this, so that no message of it is left.
            mine = (Conversation.owner == owner, Conversation.id == check_id(id))
            holding = select(Conversation.id).where(*mine).with_for_update(read=True, key_share=True)
            if (await connection.execute(holding)).first() is None:
                await _check_not_deleted(connection, owner, id)
            await _put_messages(connection, owner, id, [body])

    async def put(self, owner: str, whole: Whole) -> None:
        """
        A whole conversation, from elsewhere or taken back.

        Its link leads to it again where the head names the one that it had when it was deleted, as :meth:`remove` gave
        it: a word from elsewhere shares nothing, and would take a link away from whoever it belongs to.
        """
        if len(whole.messages) > MAX_MESSAGES:
            raise RequestError(f"a conversation has at most {MAX_MESSAGES} messages", status=413, param="messages")
        async with self._database.writing() as connection:
            id = check_id(whole.head.get("id"))
            mine = DeletedConversation.owner == owner, DeletedConversation.id == id
            deletion = delete(DeletedConversation).where(*mine).returning(DeletedConversation.share)
            word = (await connection.execute(deletion)).scalar_one_or_none()
            await _put_head(connection, owner, whole.head)
            if word is not None and whole.head.get("share") == word:
                taken_back = update(Conversation).where(Conversation.owner == owner, Conversation.id == id)
                await connection.execute(taken_back.values(share=word))
            await _put_messages(connection, owner, id, whole.messages)

    async def remove_messages(self, owner: str, ids: Sequence[str]) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(Message).where(Message.owner == owner, Message.id.in_(ids)))

    async def remove(self, owner: str, id: str) -> Whole | None:
        """Take one away; what it was, so that it can be put back."""
        async with self._database.writing() as connection:
            whole = await _read(connection, owner, id)
            await _delete(connection, owner, [Conversation.id == id], [Message.conversation == id])
        return whole

    async def clear(self, owner: str) -> None:
        """Take all of this person's away, shared ones included."""
        async with self._database.writing() as connection:
            await _delete(connection, owner, [], [])

    async def export(self, owner: str) -> list[Whole]:
        """Everything of this person's."""
        query = select(Message.conversation, Message.body).where(Message.owner == owner).order_by(Message.number)
        async with self._database.reading() as connection:
            heads = (
                (await connection.execute(select(Conversation.head).where(Conversation.owner == owner))).scalars().all()
            )
            messages: dict[str, list[Body]] = {}
            for conversation, body in await connection.execute(query):
                messages.setdefault(conversation, []).append(body)
        return [Whole(head, messages.get(head["id"], [])) for head in heads]

    # ── search ───────────────────────────────────────────────────────────────────────────────────────

    async def search(self, owner: str, words: str) -> list[SearchHit]:
        """Conversations with all of these words in one message, or their beginnings; newest messages first."""
        wanted = re.findall(r"\w+", words)[:16]
        if not wanted:
            return []
        query, values = (_sqlite_search if self._database.sqlite else _postgresql_search)(owner, wanted)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query, values)).all()
        found: dict[str, SearchHit] = {}
        for conversation, body in rows:
            found.setdefault(conversation, SearchHit(conversation, _excerpt(body, wanted[0])))
        return list(found.values())[:FOUND]

    # ── sharing ──────────────────────────────────────────────────────────────────────────────────────

    async def share(self, owner: str, id: str) -> str:
        """The word of the link under which anybody may read it from now on; the same one if it is shared already."""
        mine = (Conversation.owner == owner, Conversation.id == id)
        async with self._database.writing() as connection:
            # Two who share it at once have the same link.
            row = (await connection.execute(select(Conversation.share).where(*mine).with_for_update())).first()
            if row is None:
                raise RequestError("there is no such conversation", status=404, code="unknown_conversation")
            word = row.share or secrets.token_urlsafe(16)
            await connection.execute(update(Conversation).where(*mine).values(share=word))
        return word

    async def unshare(self, owner: str, id: str) -> None:
        """Take it back: the link leads nowhere from now on."""
        async with self._database.writing() as connection:
            for table in (Conversation, DeletedConversation):  # nor when its deletion is taken back
                change = update(table).where(table.owner == owner, table.id == id)
                await connection.execute(change.values(share=None))

    async def find_shared(self, word: str) -> Whole | None:
        """What a link leads to."""
        query = select(Conversation.owner, Conversation.id).where(Conversation.share == word)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
            return await _read(connection, row.owner, row.id) if row is not None else None


def _with_share(head: Head, share: str | None) -> Head:
    return head | {"share": share} if share else head


async def _read(connection: AsyncConnection, owner: str, id: str) -> Whole | None:
    one = select(Conversation.head, Conversation.share).where(Conversation.owner == owner, Conversation.id == id)
    row = (await connection.execute(one)).first()
    if row is None:
        return None
    messages = select(Message.body).where(Message.owner == owner, Message.conversation == id).order_by(Message.number)
    bodies = (await connection.execute(messages)).scalars().all()
    return Whole(_with_share(row.head, row.share), list(bodies))


async def _merge_head(connection: AsyncConnection, owner: str, head: Head, changed: Collection[str]) -> Head:
    mine = (Conversation.owner == owner, Conversation.id == check_id(head.get("id")))
    kept = (await connection.execute(select(Conversation.head).where(*mine).with_for_update())).scalar_one_or_none()
    if kept is None:
        return head
    rest = {name: value for name, value in kept.items() if name not in changed}
    return rest | {name: head[name] for name in changed if name in head} | {"id": head["id"]}


async def _put_head(connection: AsyncConnection, owner: str, head: Head) -> str:
    id = check_id(head.get("id"))
    kept = {name: value for name, value in head.items() if name != "share"}
    now = await clock_of(connection)
    title = str(head.get("title") or "").replace("\x00", "")[:1000]  # no text of PostgreSQL holds it
    values: dict[str, Any] = {"head": kept, "title": title, "updated": _moment(head, now)}
    mine = (Conversation.owner == owner, Conversation.id == id)
    if not (await connection.execute(update(Conversation).where(*mine).values(values))).rowcount:
        await _check_not_deleted(connection, owner, id)
        await connection.execute(insert(Conversation).values(owner=owner, id=id, created=now, **values))
    return id


async def _check_not_deleted(connection: AsyncConnection, owner: str, id: str) -> None:
    found = select(DeletedConversation.at).where(DeletedConversation.owner == owner, DeletedConversation.id == id)
    if (at := (await connection.execute(found)).scalar_one_or_none()) is not None:
        raise ConversationDeletedError(max(0.0, await clock_of(connection) - at))
    # What a page of somebody who was taken away writes in that moment would be found by the next of that name.
    known = select(Person.name).where(Person.name == owner).limit(1)
    if await was_removed(connection, owner) and (await connection.execute(known)).first() is None:
        raise RequestError("this person was taken away", status=403, code="person_removed")


async def _delete(
    connection: AsyncConnection,
    owner: str,
    which: Sequence[ColumnElement[bool]],
    messages: Sequence[ColumnElement[bool]],
) -> None:
    # Its row first: whoever adds a message at this moment holds it, and then that message is seen and goes too.
    gone = (
        delete(Conversation).where(Conversation.owner == owner, *which).returning(Conversation.id, Conversation.share)
    )
    deleted = (await connection.execute(gone)).all()
    await connection.execute(delete(Message).where(Message.owner == owner, *messages))
    now = await clock_of(connection)
    await connection.execute(
        delete(DeletedConversation).where(
            DeletedConversation.owner == owner, DeletedConversation.at < now - DELETED_KEPT_S
        )
    )
    if deleted:
        rows = [{"owner": owner, "id": id, "at": now, "share": share} for id, share in deleted]
        await connection.execute(insert(DeletedConversation), rows)


def _moment(head: Head, now: float) -> float:
    """When the page changed it, by the page's clock, but never in the future."""
    updated = head.get("updated")
    known = isinstance(updated, int | float) and not isinstance(updated, bool)
    return min(float(updated) / 1000, now) if known else now  # type: ignore[arg-type]  # narrowed by `known`


async def _put_messages(connection: AsyncConnection, owner: str, conversation: str, bodies: Sequence[Body]) -> None:
    for body in bodies:
        id = check_id(body.get("id"), "messages.id")
        words = body.get("text")
        values = {
            "conversation": conversation,
            "body": {name: value for name, value in body.items() if name != "conversation"},
            "text": words.replace("\x00", "") if isinstance(words, str) else "",
        }
        mine = (Message.owner == owner, Message.id == id)
        if not (await connection.execute(update(Message).where(*mine).values(values))).rowcount:
            await connection.execute(insert(Message).values(owner=owner, id=id, **values))


def _sqlite_search(owner: str, wanted: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    phrase = " AND ".join(f'text: "{word}" *' for word in wanted)
    whose = '"' + owner.replace('"', " ") + '"'
    query = text(
        "SELECT m.conversation, m.text FROM message_words w JOIN messages m ON m.number = w.rowid "
        "WHERE message_words MATCH :words AND m.owner = :owner ORDER BY w.rowid DESC LIMIT 500"
    )
    narrowed = f"owner: {whose} AND ({phrase})" if re.search(r"\w", owner) else phrase
    return query, {"words": narrowed, "owner": owner}


def _postgresql_search(owner: str, wanted: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    query = text(
        "SELECT conversation, text FROM messages WHERE owner = :owner "
        "AND to_tsvector('simple', text) @@ to_tsquery('simple', :words) ORDER BY number DESC LIMIT 500"
    )
    return query, {"words": " & ".join(f"'{word}':*" for word in wanted), "owner": owner}


def _excerpt(body: str, word: str) -> str:
    at = max(0, body.lower().find(word.lower()) - 40)
    return ("…" if at else "") + body[at : at + 160].strip()

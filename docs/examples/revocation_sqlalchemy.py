"""Revoked API keys in SQLAlchemy 2: two rules, of which you choose one.

By version: issue with ``grant_id=current_grant_id(user_id)``; ``revoke_by_version`` raises it, and no clock matters.

By date: ``revoke_by_date`` revokes all keys that the user has, those of the same millisecond included, so a request
that revokes and issues at once needs the other rule. It misses a grant from a machine whose clock is ahead: set the
clocks by NTP. The column must keep milliseconds: ``DATETIME(fsp=6)`` in MySQL.

The keys of a deleted user are revoked under both. While the database is down, every key is refused: ``available``
raises ``TemporarilyUnavailableError``, which ``error_response`` answers with 503 and ``Retry-After``.

DATABASE_URL and API_KEY_SECRET are in the environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

from sqlalchemy import Connection, DateTime, create_engine, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rollout_auth import ApiKeyGrant, ApiKeyIssuer, TemporarilyUnavailableError

engine = create_engine(os.environ["DATABASE_URL"])


class Base(DeclarativeBase):
    """Your own tables."""


class User(Base):
    """Your own users. SQLite must not give a deleted user's id to the next one."""

    __tablename__ = "users"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    keys_revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    key_version: Mapped[int] = mapped_column(server_default="1")


@contextmanager
def available() -> Iterator[Connection]:
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as error:
        raise TemporarilyUnavailableError("the database cannot be reached") from error


def revoked_by_date(grant: ApiKeyGrant) -> bool:
    older = or_(User.keys_revoked_at.is_(None), User.keys_revoked_at < grant.granted_at)
    with available() as connection:
        return connection.scalar(select(User.id).where(User.id == int(grant.user_id), older)) is None


def revoke_by_date(user_id: str) -> None:
    with engine.begin() as connection:
        now = datetime.now(timezone.utc)  # SQLite keeps no offset, so always write UTC
        connection.execute(update(User).where(User.id == int(user_id)).values(keys_revoked_at=now))


def current_grant_id(user_id: str) -> str | None:
    with available() as connection:
        version = connection.scalar(select(User.key_version).where(User.id == int(user_id)))
    return None if version is None else f"{user_id}:{version}"


def revoked_by_version(grant: ApiKeyGrant) -> bool:
    return grant.grant_id != current_grant_id(grant.user_id)


def revoke_by_version(user_id: str) -> None:
    with engine.begin() as connection:
        connection.execute(update(User).where(User.id == int(user_id)).values(key_version=User.key_version + 1))


issuer = ApiKeyIssuer(os.environ["API_KEY_SECRET"], is_revoked=revoked_by_date)

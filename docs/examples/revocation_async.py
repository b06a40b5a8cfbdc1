"""Revoked API keys in an async application, here with SQLAlchemy 2: the issuer checks the key, and you its grant.

``is_revoked`` cannot be async, so leave it out. Check in ``authenticate``, so that the key is refused at once, and in
``renew``, so that Rollout learns of it. The key that a refresh issues is of the same grant as its refresh token: the
same ``grant_id``, ``user_id`` and ``granted_at``, while ``issued_at`` is new. If the grant is revoked, the new key is
not sent.

``revocation_sqlalchemy.py`` has both rules, how to revoke, and what to look out for. While the database is down, every
key is refused, with an error that ``error_response`` answers with 503 and ``Retry-After``.

DATABASE_URL (of an async driver), API_KEY_SECRET and ROLLOUT_VERIFICATION_TOKEN are in the environment.
"""

from __future__ import annotations

import os
from datetime import datetime

from sqlalchemy import DateTime, or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rollout_auth import (
    ApiKeyGrant,
    ApiKeyIssuer,
    AuthData,
    InvalidApiKeyError,
    InvalidRefreshTokenError,
    RefreshEndpoint,
    RefreshRequest,
    RequestVerifier,
    TemporarilyUnavailableError,
)

engine = create_async_engine(os.environ["DATABASE_URL"])
issuer = ApiKeyIssuer(os.environ["API_KEY_SECRET"])


class Base(DeclarativeBase):
    """Your own tables."""


class User(Base):
    """Your own users. SQLite must not give a deleted user's id to the next one."""

    __tablename__ = "users"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    keys_revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


async def revoked(grant: ApiKeyGrant) -> bool:
    older = or_(User.keys_revoked_at.is_(None), User.keys_revoked_at < grant.granted_at)
    try:
        async with engine.connect() as connection:
            return await connection.scalar(select(User.id).where(User.id == int(grant.user_id), older)) is None
    except (OperationalError, OSError) as error:  # asyncpg raises OSError
        raise TemporarilyUnavailableError("the database cannot be reached") from error


async def authenticate(api_key: str | bytes | None) -> ApiKeyGrant:
    grant = issuer.authenticate(api_key)
    if await revoked(grant):
        raise InvalidApiKeyError("the API key is revoked")
    return grant


async def renew(request: RefreshRequest) -> AuthData:
    auth_data = issuer.refresh(request.refresh_token)
    if await revoked(issuer.authenticate(auth_data.api_key)):
        raise InvalidRefreshTokenError("the refresh token is revoked")
    return auth_data


refresh_endpoint = RefreshEndpoint(renew, verifier=RequestVerifier.from_env())

"""Revoked API keys in Redis, for many machines: one date per user, in milliseconds since 1970.

``revoke_by_date`` revokes all keys that the user has, those of the same millisecond included. It misses a grant from a
machine whose clock is ahead: set the clocks by NTP. Redis knows no users: call it for each user that you delete too,
and never reuse an id.

While Redis is down, every key is refused: ``TemporarilyUnavailableError`` passes through ``authenticate`` and
``refresh``, and ``error_response`` answers it with 503 and ``Retry-After``. A Redis that forgets accepts revoked keys
again: have it persist (``appendonly yes``) and evict nothing (``maxmemory-policy noeviction``).

REDIS_URL, API_KEY_SECRET and ROLLOUT_VERIFICATION_TOKEN are in the environment.
"""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone

from redis import Redis
from redis.exceptions import RedisError

from rollout_auth import ApiKeyGrant, ApiKeyIssuer, RefreshEndpoint, RequestVerifier, TemporarilyUnavailableError

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)

redis = Redis.from_url(os.environ["REDIS_URL"], socket_timeout=1, socket_connect_timeout=1)


def revoke_by_date(user_id: str) -> None:
    redis.set(f"keys-revoked-at:{user_id}", int(time.time() * 1000))


def revoked_by_date(grant: ApiKeyGrant) -> bool:
    try:
        revoked_at = redis.get(f"keys-revoked-at:{grant.user_id}")
    except RedisError as error:
        raise TemporarilyUnavailableError("Redis cannot be reached") from error
    return revoked_at is not None and (grant.granted_at - EPOCH) // MILLISECOND <= int(revoked_at)


issuer = ApiKeyIssuer(os.environ["API_KEY_SECRET"], is_revoked=revoked_by_date)
refresh_endpoint = RefreshEndpoint(
    lambda request: issuer.refresh(request.refresh_token), verifier=RequestVerifier.from_env()
)

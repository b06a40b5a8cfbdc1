"""Revoked API keys in Django, for the ``models.py`` of an app: two rules, of which you choose one.

By version: issue with ``grant_id=current_grant_id(user)``; ``revoke_by_version`` raises it, and no clock matters.

By date: ``revoke_by_date`` revokes all keys that the user has, those of the same millisecond included, so a request
that revokes and issues at once needs the other rule. It misses a grant from a machine whose clock is ahead: set the
clocks by NTP.

The keys of a user who is deleted or not active are revoked under both. The table is one of its own: ``user.save()``
writes all fields of a user, and would write back a date or a version that another request has just replaced.

While the database is down, every key is refused: ``available`` raises ``TemporarilyUnavailableError``, which
``error_response`` answers with 503 and ``Retry-After``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import OperationalError, models
from django.utils import timezone

from rollout_auth import ApiKeyGrant, ApiKeyIssuer, TemporarilyUnavailableError


class ApiKeys(models.Model):
    """What revokes a user's API keys. A user without such a row has revoked no date."""

    user: models.OneToOneField[AbstractUser, AbstractUser] = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="api_keys"
    )
    keys_revoked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    key_version: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"API keys of user {self.pk}"


@contextmanager
def available() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise TemporarilyUnavailableError("the database cannot be reached") from error


def revoked_by_date(grant: ApiKeyGrant) -> bool:
    older = models.Q(api_keys__keys_revoked_at=None) | models.Q(api_keys__keys_revoked_at__lt=grant.granted_at)
    with available():
        return not get_user_model().objects.filter(older, pk=grant.user_id, is_active=True).exists()


def revoke_by_date(user: AbstractUser) -> None:
    ApiKeys.objects.update_or_create(user=user, defaults={"keys_revoked_at": timezone.now()})


def current_grant_id(user: AbstractUser) -> str:
    keys, _ = ApiKeys.objects.get_or_create(user=user)
    return f"{user.pk}:{keys.key_version}"


def revoked_by_version(grant: ApiKeyGrant) -> bool:
    with available():
        keys = ApiKeys.objects.filter(user=grant.user_id, user__is_active=True).first()
    return keys is None or grant.grant_id != f"{grant.user_id}:{keys.key_version}"


def revoke_by_version(user: AbstractUser) -> None:
    ApiKeys.objects.filter(user=user).update(key_version=models.F("key_version") + 1)


issuer = ApiKeyIssuer(settings.API_KEY_SECRET, is_revoked=revoked_by_date)

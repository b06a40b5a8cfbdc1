"""Revoked API keys in Django, for the ``models.py`` of an app: two rules, of which you take one.

By date: ``revoke_by_date`` ends all keys that the user has. One of the same millisecond ends with them, so a request
that revokes and issues at once takes the other rule.

By version: issue with ``grant_id=current_grant_id(user)``; ``revoke_by_version`` raises it, and no clock matters.

The keys of a user who is deleted or not active are revoked under both. The table is one of its own: ``user.save()``
writes all fields of a user, and would write back a date or a version that another request has just replaced.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone

from rollout_auth import ApiKeyGrant, ApiKeyIssuer


class ApiKeys(models.Model):
    """What revokes a user's API keys. A user without such a row has revoked no date."""

    user: models.OneToOneField[AbstractUser, AbstractUser] = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="api_keys"
    )
    keys_revoked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    key_version: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"API keys of user {self.pk}"


def revoked_by_date(grant: ApiKeyGrant) -> bool:
    older = models.Q(api_keys__keys_revoked_at=None) | models.Q(api_keys__keys_revoked_at__lt=grant.granted_at)
    return not get_user_model().objects.filter(older, pk=grant.user_id, is_active=True).exists()


def revoke_by_date(user: AbstractUser) -> None:
    ApiKeys.objects.update_or_create(user=user, defaults={"keys_revoked_at": timezone.now()})


def current_grant_id(user: AbstractUser) -> str:
    keys, _ = ApiKeys.objects.get_or_create(user=user)
    return f"{user.pk}:{keys.key_version}"


def revoked_by_version(grant: ApiKeyGrant) -> bool:
    keys = ApiKeys.objects.filter(user=grant.user_id, user__is_active=True).first()
    return keys is None or grant.grant_id != f"{grant.user_id}:{keys.key_version}"


def revoke_by_version(user: AbstractUser) -> None:
    ApiKeys.objects.filter(user=user).update(key_version=models.F("key_version") + 1)


issuer = ApiKeyIssuer(settings.API_KEY_SECRET, is_revoked=revoked_by_date)

"""Credentials for tests: long enough that no warning disturbs a test suite, and useless anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rollout_auth import ClientCredentials
from rollout_auth.credentials import CLIENT_ID_VARIABLE, CLIENT_SECRET_VARIABLE
from rollout_auth.verification import VERIFICATION_TOKEN_VARIABLE

VERIFICATION_TOKEN = "test-verification-token"
"""A verification token."""

ENVIRON: Mapping[str, str] = MappingProxyType(
    {
        CLIENT_ID_VARIABLE: "test-client",
        CLIENT_SECRET_VARIABLE: "a-client-secret-for-tests-alone-" + "0123456789abcdef" * 2,
        VERIFICATION_TOKEN_VARIABLE: VERIFICATION_TOKEN,
    }
)
"""The environment variables, for an app that reads them when it is imported."""

CREDENTIALS = ClientCredentials.from_env(ENVIRON)
"""A client id and a client secret of 64 bytes."""

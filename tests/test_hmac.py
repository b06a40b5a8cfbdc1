from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rollout_auth._hmac import KeptHmac, derived_secret


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("size", [1, 63, 64, 65, 127, 128, 129, 1000])
def test_same_as_the_standard_library(algorithm: str, size: int) -> None:
    """For a key shorter than a block, as long as one, or longer, the HMAC is that of ``hmac``, again and again."""
    kept = KeptHmac("k" * size, algorithm, b"prefix.")
    for content in (b"", b"x", b"y" * 10_000):
        assert kept.digest(content) == hmac.digest(b"k" * size, b"prefix." + content, algorithm)


def test_derived_secret() -> None:
    """A derived secret is HKDF-SHA512 without salt, 64 bytes as base64url; each purpose has its own."""
    secret = "0123456789abcdef" * 4
    expected = HKDF(SHA512(), length=64, salt=None, info=b"purpose").derive(secret.encode())
    assert derived_secret(secret, "purpose") == base64.urlsafe_b64encode(expected).decode().rstrip("=")
    assert len({derived_secret(secret, purpose) for purpose in ("a", "b", "")} | {secret}) == 4
    assert len(base64.urlsafe_b64decode(derived_secret(secret, "a") + "==")) == hashlib.sha512().digest_size

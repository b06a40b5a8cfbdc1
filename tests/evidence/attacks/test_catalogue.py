"""Every attack of the catalogue is refused, by the error that its defence raises."""

from __future__ import annotations

import hmac
import re
from typing import Any

import pytest
from attacks.catalogue import (
    ATTACKERS,
    BODY,
    CREDENTIALS,
    ISSUED,
    ISSUER,
    KEYS,
    NOW,
    REQUESTS,
    SECRET,
    TOKEN,
    TOKENS,
    VERIFIER,
    WEBHOOKS,
    forged,
    signature,
)

from rollout_auth import (
    BadSignatureError,
    BadVerificationTokenError,
    verification,
    verify_connect_token,
    verify_webhook,
)

CATALOGUE = {
    f"{kind}: {attack.name}": attack
    for kind, attacks in {"token": TOKENS, "key": KEYS, "webhook": WEBHOOKS, "request": REQUESTS}.items()
    for attack in attacks
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_attack(name: str) -> None:
    """The attack meets exactly its error, which shows neither secret."""
    with pytest.raises(CATALOGUE[name].refusal) as refused:
        CATALOGUE[name].attempt()
    assert type(refused.value) is CATALOGUE[name].refusal
    for secret in (SECRET, ATTACKERS):
        assert secret not in str(refused.value)


def test_control() -> None:
    """Without the attack, all of it is taken: it is the attack that is refused."""
    for token in (TOKEN, forged()):
        assert verify_connect_token(token, credentials=CREDENTIALS, now=NOW).user_id == "user-1"
    assert ISSUER.authenticate(ISSUED.api_key, now=NOW).user_id == "user-1"
    assert ISSUER.refresh(ISSUED.refresh_token or "", now=NOW).is_refreshable
    doubled = BODY[:-1] + b',"eventId":"2"}'  # Rollout's own: it counts as JavaScript counts, which wrote it
    headers = {"X-Rollout-Signature": signature(doubled).hex()}
    assert verify_webhook(doubled, headers, credentials=CREDENTIALS).event_id == "2"
    for written in (signature().hex(), signature().hex().upper()):
        assert verify_webhook(BODY, {"X-Rollout-Signature": written}, credentials=CREDENTIALS).event_id == "1"
    VERIFIER.verify({"X-Rollout-Verification-Token": "Verification-Token-1"})


def test_catalogue_names_its_sources() -> None:
    """Each attack has a name of its own, and a source that can be looked up."""
    assert len(CATALOGUE) == sum(map(len, (TOKENS, KEYS, WEBHOOKS, REQUESTS)))
    known = r"(RFC \d+ [\d.]+|CVE-\d+-\d+|GHSA-[\w-]+|CWE-\d+|docs/neighbours\.md|[\w-]+ issue \d+|[a-z-]+)"
    assert [attack.source for attack in CATALOGUE.values() if not re.match(known, attack.source)] == []
    sections = {section for attack in TOKENS + KEYS for section in re.findall(r"RFC 8725 (3\.\d+)", attack.source)}
    of_encryption = {"3.4"}  # there are no points on a curve to check
    assert sections | of_encryption >= {f"3.{number}" for number in range(1, 13)}


@pytest.mark.parametrize("is_right", [True, False])
def test_comparison_takes_no_short_cut(is_right: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """CWE-208: every configured secret is compared, by ``compare_digest``, whichever of them fits."""
    compared: list[Any] = []

    def counted(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return is_right

    verify_connect_token(TOKEN, credentials=CREDENTIALS, now=NOW)  # PyJWT is tried once, and compares too
    monkeypatch.setattr(hmac, "compare_digest", counted)
    monkeypatch.setattr(verification, "compare_digest", counted)
    for attempt in (
        lambda: verify_connect_token(forged(end=b"0" * 64), credentials=CREDENTIALS, now=NOW),
        lambda: verify_webhook(BODY, {"X-Rollout-Signature": "0" * 64}, credentials=CREDENTIALS),
        lambda: verification.RequestVerifier(["a-token", "b-token"]).verify_token("c-token"),
    ):
        compared.clear()
        if is_right:
            attempt()
        else:
            with pytest.raises((BadSignatureError, BadVerificationTokenError)):
                attempt()
        assert len(compared) == 2

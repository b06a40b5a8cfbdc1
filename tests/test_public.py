"""The public surface: what is exported, how it is called, and that its annotations can be read at run time."""

from __future__ import annotations

import inspect
import subprocess
import sys
import typing
from importlib import metadata
from pathlib import Path

import pytest

import rollout_auth

SIGNATURES = {
    "ApiKeyGrant": "(grant_id, user_id, granted_at, issued_at, expires_at)",
    "ApiKeyIssuer": "(secrets, *, api_key_ttl=datetime.timedelta(seconds=3600), "
    "refresh_token_ttl=datetime.timedelta(days=180), is_revoked=None)",
    "ApiKeyIssuer.authenticate": "(self, api_key, *, is_revoked=None, now=None)",
    "ApiKeyIssuer.authenticate_async": "(self, api_key, *, is_revoked=None, now=None)",
    "ApiKeyIssuer.from_env": "(environ=None, *, api_key_ttl=datetime.timedelta(seconds=3600), "
    "refresh_token_ttl=datetime.timedelta(days=180), is_revoked=None)",
    "ApiKeyIssuer.issue": "(self, user_id, *, extra={}, grant_id=None, now=None)",
    "ApiKeyIssuer.refresh": "(self, refresh_token, *, is_revoked=None, now=None)",
    "ApiKeyIssuer.refresh_async": "(self, refresh_token, *, is_revoked=None, now=None)",
    "AuthData": "(api_key, refresh_token=None, expires_in=None, extra={})",
    "AuthData.from_dict": "(data)",
    "AuthData.to_dict": "(self)",
    "ClientCredentials": "(client_id, client_secret, previous_client_secrets=())",
    "ClientCredentials.from_env": "(environ=None)",
    "ConnectToken": "(client_id, user_id, auth_data, issued_at, expires_at, dev=False, claims=<factory>)",
    "ConnectTokenSigner": "(credentials, *, ttl=datetime.timedelta(seconds=3600), namespace='rollout.com', dev=False)",
    "ConnectTokenSigner.sign": "(self, user_id, auth_data=None, *, now=None)",
    "RefreshEndpoint": "(refresh, *, verifier, field='refreshToken')",
    "RefreshEndpoint.handle": "(self, body, headers)",
    "RefreshEndpoint.handle_async": "(self, body, headers)",
    "RefreshRequest": "(refresh_token, fields=<factory>)",
    "RequestVerifier": "(verification_tokens, *, header='X-Rollout-Verification-Token')",
    "RequestVerifier.from_env": "(environ=None, *, header='X-Rollout-Verification-Token')",
    "RequestVerifier.verify": "(self, headers)",
    "RequestVerifier.verify_token": "(self, candidate)",
    "ResponseParts": "(body, status, headers)",
    "RolloutAuth": "(credentials, verifier, issuer=None, *, api_key_header='Authorization', "
    "refresh_field='refreshToken', signed_content='base64', namespace='rollout.com', "
    "ttl=datetime.timedelta(seconds=3600), dev=False)",
    "RolloutAuth.authenticate": "(self, headers, *, api_key=None, is_revoked=None)",
    "RolloutAuth.authenticate_async": "(self, headers, *, api_key=None, is_revoked=None)",
    "RolloutAuth.connect": "(self, user_id, auth_data=None, *, extra={}, grant_id=None)",
    "RolloutAuth.connect_token": "(self, user_id, auth_data=None, *, extra={}, grant_id=None)",
    "RolloutAuth.from_env": "(environ=None, *, verification_header='X-Rollout-Verification-Token', is_revoked=None, "
    "issuer=None, own_keys=False, api_key_header='Authorization', refresh_field='refreshToken', "
    "signed_content='base64', namespace='rollout.com', ttl=datetime.timedelta(seconds=3600), dev=False)",
    "RolloutAuth.refresh": "(self, body, headers, *, is_revoked=None)",
    "RolloutAuth.refresh_async": "(self, body, headers, *, is_revoked=None)",
    "RolloutAuth.refresh_request": "(self, body, headers)",
    "RolloutAuth.signed_request": "(self, body, headers)",
    "RolloutAuth.verify": "(self, headers)",
    "RolloutAuth.webhook": "(self, body, headers)",
    "WebhookEvent": "(event_id, event, created_at, resource_ids, uri, payload)",
    "connect_token_response": "(token)",
    "error_response": "(error)",
    "parse_refresh_request": "(body, content_type=None, *, field='refreshToken')",
    "refresh_response": "(auth_data)",
    "verify_signed_request": "(body, headers, *, credentials=None, signed_content='base64')",
    "verify_webhook": "(body, headers, *, credentials=None, signed_content='base64')",
    "generate_connect_token": "(user_id, auth_data=None, *, credentials=None, "
    "ttl=datetime.timedelta(seconds=3600), namespace='rollout.com', dev=False, now=None)",
    "verify_connect_token": "(token, *, credentials=None, namespace='rollout.com', "
    "leeway=datetime.timedelta(seconds=60), now=None)",
}


def test_all() -> None:
    """Everything that users import is listed, sorted, and nothing else is public."""
    public = {
        name for name, value in vars(rollout_auth).items() if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert set(rollout_auth.__all__) == public
    assert len(rollout_auth.__all__) == len(set(rollout_auth.__all__))


@pytest.mark.parametrize("path", SIGNATURES)
def test_signatures(path: str) -> None:
    """Names, order and defaults of the arguments are a contract."""
    value: typing.Any = rollout_auth
    for name in path.split("."):
        value = getattr(value, name)
    signature = inspect.signature(value)
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    assert str(inspect.Signature(bare)) == SIGNATURES[path]


@pytest.mark.parametrize("name", rollout_auth.__all__)
def test_documented(name: str) -> None:
    """Everything that users import says what it is for."""
    value = getattr(rollout_auth, name)
    assert isinstance(value, str) or len(inspect.getdoc(value) or "") > 30


@pytest.mark.parametrize("path", SIGNATURES)
def test_annotations_resolve(path: str) -> None:
    """Tools that read annotations at run time can read ours."""
    value: typing.Any = rollout_auth
    for name in path.split("."):
        value = getattr(value, name)
    assert typing.get_type_hints(value.__init__ if inspect.isclass(value) else value)


def test_package_is_typed() -> None:
    """The marker of PEP 561 is installed."""
    assert (Path(rollout_auth.__file__).parent / "py.typed").is_file()


def test_dependencies() -> None:
    """At run time it needs PyJWT and typing-extensions, and nothing else."""
    requirements = [line for line in metadata.requires("rollout-auth") or () if "extra ==" not in line]
    assert [line.partition("<")[0].partition(">")[0] for line in requirements] == ["pyjwt", "typing-extensions"]


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules of a process that has imported the package and signed, and had loaded nothing else."""
    code = (
        "import sys, rollout_auth as r;"
        "r.generate_connect_token('user-1', credentials=r.ClientCredentials('client-1', 's' * 64));"
        "print(*sys.modules)"
    )
    path = {"PYTHONPATH": ":".join(path for path in sys.path if path)}  # for one that starts without `site`
    command = [sys.executable, "-S", "-c", code]
    return set(subprocess.run(command, check=True, env=path, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("module", ["jwt", "cryptography", "argparse", "logging", "typing_extensions"])
def test_import_is_cheap(module: str, loaded: set[str]) -> None:
    """Importing the package and signing loads nothing that takes long, PyJWT included."""
    assert "rollout_auth.connect_token" in loaded
    assert module not in loaded

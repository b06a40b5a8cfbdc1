"""The surface of the test kit: what is exported, how it is called, and that the library itself does without it."""

from __future__ import annotations

import inspect
import pkgutil
import subprocess
import sys
import typing

import pytest

import rollout_auth
from rollout_auth import ClientCredentials, testing

SIGNATURES = {
    "BrowserAPI": "(simulator)",
    "BrowserAPI.refuse_next_token": "(self)",
    "Clock": "(start=None)",
    "Clock.advance": "(self, duration)",
    "Clock.installed": "(self)",
    "Clock.now": "(self)",
    "DashboardRequest": "(method, path, *, headers=None, query=None, json=None, form=None)",
    "IntegrationError": "(code, problem, fix)",
    "Report.check": "(self)",
    "Request": "(method, target, headers=(), body=b'')",
    "Response": "(status, headers=(), body=b'')",
    "RolloutSimulator.call": "(self, request=None)",
    "RolloutSimulator.connect": "(self, token=None)",
    "RolloutSimulator.deliver": "(self, *events, resource_ids=('person-1',), times=1)",
    "RolloutSimulator.deliver_reordered": "(self, *events, resource_ids=('person-1',))",
    "RolloutSimulator.deliver_with_previous_secret": "(self, event='peopleCreated')",
    "RolloutSimulator.renew_at_once": "(self, count=2)",
    "RolloutSimulator.run": "(self, on_step=None)",
    "RolloutSimulator.send": "(self, request)",
    "RolloutSimulator.set_skew": "(self, skew)",
    "serve": "(app)",
    "sign_webhook": "(body, *, credentials=None, signed_content='base64', digest='hex')",
}


def found(path: str) -> typing.Any:
    value: typing.Any = testing
    for name in path.split("."):
        value = getattr(value, name)
    return value


def test_all() -> None:
    """Everything that users import is listed, and nothing else is public."""
    public = {name for name, value in vars(testing).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert set(testing.__all__) == public
    assert len(testing.__all__) == len(public)


@pytest.mark.parametrize("path", SIGNATURES)
def test_signatures(path: str) -> None:
    """Names, order and defaults of the arguments are a contract, and annotations can be read at run time."""
    value = found(path)
    signature = inspect.signature(value)
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    assert str(inspect.Signature(bare)) == SIGNATURES[path]
    assert typing.get_type_hints(value.__init__ if inspect.isclass(value) else value)


@pytest.mark.parametrize("name", ["RolloutSimulator", "AsyncRolloutSimulator"])
def test_simulators(name: str) -> None:
    """Both simulators are made in the same way."""
    parameters = inspect.signature(found(name)).parameters
    assert list(parameters) == ["app", "credentials", "verification_token", "dashboard", "clock"]
    assert [name for name, parameter in parameters.items() if parameter.kind is not parameter.KEYWORD_ONLY] == ["app"]


@pytest.mark.parametrize("name", testing.__all__)
def test_documented(name: str) -> None:
    """Everything that users import says what it is for."""
    value = getattr(testing, name)
    if isinstance(value, type) or callable(value):
        assert len(inspect.getdoc(value) or "") > 30


def test_credentials_of_tests() -> None:
    """The credentials of tests are these, so that an app that is set up by hand can have them too."""
    secret = "a-client-secret-for-tests-alone-" + "0123456789abcdef" * 2
    expected = {
        "ROLLOUT_CLIENT_ID": "test-client",
        "ROLLOUT_CLIENT_SECRET": secret,
        "ROLLOUT_VERIFICATION_TOKEN": "test-verification-token",
    }
    assert dict(testing.ENVIRON) == expected
    assert ClientCredentials("test-client", secret) == testing.CREDENTIALS
    assert len(secret) == 64
    with pytest.raises(TypeError):
        testing.ENVIRON["ROLLOUT_CLIENT_ID"] = "another"
    assert testing.VERIFICATION_TOKEN == "test-verification-token"


def test_library_does_without() -> None:
    """No module of the library imports the test kit, pytest or hypothesis, but those that are named after them."""
    names = [
        f"rollout_auth.{module.name}"
        for module in pkgutil.iter_modules(rollout_auth.__path__)
        if module.name not in ("testing", "_pytest_plugin", "__main__")
    ]
    assert "rollout_auth.cli" in names
    code = (
        f"import sys, importlib; [importlib.import_module(name) for name in {names}];"
        "sys.exit(any(name in sys.modules for name in ('rollout_auth.testing', 'pytest', 'hypothesis')))"
    )
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    assert subprocess.run([sys.executable, "-S", "-c", code], check=False, env=environment).returncode == 0


def test_kit_does_without() -> None:
    """The test kit needs neither pytest nor hypothesis."""
    code = "import sys, rollout_auth.testing; sys.exit(any(name in sys.modules for name in ('pytest', 'hypothesis')))"
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    assert subprocess.run([sys.executable, "-S", "-c", code], check=False, env=environment).returncode == 0

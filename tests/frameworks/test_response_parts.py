"""A view that forgets to convert ResponseParts fails, and shows their content to nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.test import Client as DjangoClient
from django.urls import path
from django.utils.functional import empty
from fastapi import FastAPI
from fastapi.exceptions import FastAPIError
from fastapi.testclient import TestClient
from flask import Flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from rollout_auth import AuthData, ResponseParts, refresh_response

CANARY = "canary-5b1f"


@pytest.fixture
def parts() -> ResponseParts:
    """Parts with a secret in their body."""
    parts = refresh_response(AuthData(CANARY, CANARY, 3600))
    assert CANARY in parts.body.decode()
    return parts


@pytest.fixture
def _unconfigured_django() -> Iterator[None]:
    before = settings._wrapped
    settings._wrapped = empty
    yield
    settings._wrapped = before


def with_flask(parts: ResponseParts, *, debug: bool) -> tuple[int, str]:
    app = Flask(__name__)
    app.debug = debug
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/")
    def view() -> ResponseParts:
        return parts

    response = app.test_client().get("/")
    return response.status_code, response.text


def with_django(parts: ResponseParts, *, debug: bool) -> tuple[int, str]:
    def view(_: HttpRequest) -> ResponseParts:
        return parts

    settings.configure(
        DEBUG=debug,
        SECRET_KEY="made up",
        ALLOWED_HOSTS=["testserver"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        ROOT_URLCONF=(path("", view),),
    )
    apps.populate(settings.INSTALLED_APPS)
    response = DjangoClient(raise_request_exception=False).get("/")
    return response.status_code, response.content.decode()


def with_starlette(parts: ResponseParts, *, debug: bool) -> tuple[int, str]:
    async def view(_: Request) -> ResponseParts:
        return parts

    app = Starlette(debug, routes=[Route("/", view)])
    response = TestClient(app, raise_server_exceptions=False).get("/")
    return response.status_code, response.text


def with_fastapi(parts: ResponseParts, *, debug: bool) -> tuple[int, str]:
    app = FastAPI(debug=debug)

    @app.get("/")
    def view():  # noqa: ANN202  an annotation is refused: see below
        return parts

    response = TestClient(app, raise_server_exceptions=False).get("/")
    return response.status_code, response.text


def with_async_fastapi(parts: ResponseParts, *, debug: bool) -> tuple[int, str]:
    app = FastAPI(debug=debug)

    @app.get("/")
    async def view():  # noqa: ANN202  likewise
        return parts

    response = TestClient(app, raise_server_exceptions=False).get("/")
    return response.status_code, response.text


@pytest.mark.usefixtures("_unconfigured_django")
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("ask", [with_flask, with_django, with_starlette, with_fastapi, with_async_fastapi])
def test_unconverted(
    ask: Callable[..., tuple[int, str]], debug: bool, parts: ResponseParts, caplog: pytest.LogCaptureFixture
) -> None:
    """A view that returns the parts as they are gets a 500, and neither its page nor the log shows the content."""
    status, text = ask(parts, debug=debug)
    assert status == 500
    assert CANARY not in text
    assert CANARY not in caplog.text


@pytest.mark.usefixtures("_unconfigured_django")
def test_django_without_middleware(parts: ResponseParts) -> None:
    """Without any middleware, the error reaches the server, which answers with a 500 of its own."""
    settings.configure(ROOT_URLCONF=(path("", lambda _: parts),))
    with pytest.raises(AttributeError) as caught:
        DjangoClient(raise_request_exception=False).get("/")
    assert CANARY not in str(caught.value)


def test_fastapi_annotation() -> None:
    """FastAPI refuses a route that is annotated to return the parts, as soon as it is defined."""
    with pytest.raises(FastAPIError, match="ResponseParts"):

        @FastAPI().get("/")
        def view() -> ResponseParts: ...

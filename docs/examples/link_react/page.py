"""A page with Rollout's connectors, on one origin with the four routes of ``flask_app.py``.

In this folder, with the environment that ``flask_app.py`` needs::

    npm install && npm run build
    PYTHONPATH=.. flask --app page run        # or: PYTHONPATH=.. gunicorn page:app

ROLLOUT_API_BASE_URL is where the page finds Rollout's API; Rollout's own if it is not set. The bundle contains
``@rollout/link-react``, which is licensed under GPL-3.0: see ``app.jsx``.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import Response, render_template_string, send_from_directory
from flask_app import app

HERE = Path(__file__).parent
BUNDLE = HERE / "dist"
INDEX = (HERE / "index.html").read_text("utf-8")
API_BASE_URL = os.environ.get("ROLLOUT_API_BASE_URL", "")


@app.get("/")
def index() -> str:
    return render_template_string(INDEX, api_base_url=API_BASE_URL)


@app.get("/dist/<file>")
def bundle(file: str) -> Response:
    return send_from_directory(BUNDLE, file)

"""``python -m rollout_auth``: the same as the command ``rollout-auth``."""

import sys

from .cli import main

sys.exit(main())

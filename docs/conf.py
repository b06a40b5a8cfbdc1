"""The documentation site: ``bash .ci/run docs`` builds it to build/docs, without a network."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "rollout-auth"
author = "The rollout-auth developers"
release = version = installed_version("rollout-auth")
html_title = f"{project} {release}"
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_copy_source = False
html_use_index = html_domain_indices = False  # the reference is in order, and the search finds the rest

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinxcontrib.plantuml",
    "docstrings",
    "generated",
]
exclude_patterns = ["examples"]

myst_heading_anchors = 3
myst_enable_extensions = ["attrs_block", "colon_fence"]

add_module_names = False
maximum_signature_line_length = 80
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False

# The standard library's names in signatures, with their pages: kept here, because the build has no network to ask.
intersphinx_mapping = {"python": ("https://docs.python.org/3", "python.inv")}
nitpick_ignore = [
    ("py:class", "datetime"),  # a NamedTuple keeps the text of its annotations, and autodoc cannot tell whose it is
    ("py:class", "hypothesis.strategies.SearchStrategy"),  # another project's
    ("py:class", "rollout_auth.headers.HeaderItems"),  # for type checkers alone: email.message.Message and its like
]

plantuml = "plantuml -DPLANTUML_LIMIT_SIZE=8192"
plantuml_output_format = "svg_img"

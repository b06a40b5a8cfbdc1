"""The documentation site: ``bash .ci/run docs`` builds it to build/docs, without a network."""

from importlib.metadata import version as installed_version

project = "rollout-auth"
author = "The rollout-auth developers"
release = version = installed_version("rollout-auth")
html_title = f"{project} {release}"
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_copy_source = False

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinxcontrib.plantuml",
]
exclude_patterns = ["examples"]

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False

plantuml = "plantuml -DPLANTUML_LIMIT_SIZE=8192"
plantuml_output_format = "svg_img"

"""How Sphinx builds these pages: ``sphinx-build -W doc doc/_build``.

Nothing is fetched from a network, neither in building nor in reading.
"""

import sys
from pathlib import Path

import skl_sparse_ae

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "skl_sparse_ae"
author = "The skl_sparse_ae developers"
copyright = author
version = release = skl_sparse_ae.__version__

extensions = [
    "gallery_alt",
    "mathml",
    "missing_references",
    "myst_parser",
    "numpydoc",
    "own_methods",
    "picture_links",
    "registry_tables",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_static"]
templates_path = ["_templates"]

# Markdown, as GitHub reads it too.
myst_enable_extensions = ["deflist", "dollarmath", "substitution"]
myst_substitutions = {"version": release}
myst_heading_anchors = 3

# Doctests in Markdown end with a blank line, which need not be shown.
highlight_options = {"python": {"stripnl": True}}

# Each public class and function has a page, made from its docstring.
autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries = False
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/(plot|grid_search)_",
    # The first ones first, and the others by their names.
    "within_subsection_order": "gallery_order.key",
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("skl_sparse_ae",),
    "abort_on_example_error": True,
    # Displays have been drawn when an example ends with one.
    "ignore_repr_types": r"skl_sparse_ae\.display|matplotlib",
    "show_memory": False,
    "write_computation_times": False,
    "download_all_examples": False,
    "show_signature": False,
}

html_theme = "pydata_sphinx_theme"
html_title = f"{project} {release}"
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "logo": {"text": project},
    "navbar_align": "left",
    "navigation_with_keys": False,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
# Pages that have no others beside or below them need no list of these.
ALONE = ["index", "getting_started", "changes", "releases", "search", "genindex"]
html_sidebars = {page: [] for page in ALONE}

"""Configuration of the documentation: ``make doc``."""

import importlib
import inspect
import re
from pathlib import Path

from docutils import nodes
from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style
from pybtex.style.labels import BaseLabelStyle
from sphinx import addnodes
from sphinx_gallery.sorting import ExplicitOrder

import skgantk

project = "skgantk"
author = copyright = "The skgantk developers"
version = release = skgantk.__version__

extensions = [
    "myst_parser",  # for the tables and figures, which are read as Markdown too
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # its files, beside the pages
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "api_root.rst"]
templates_path = ["_templates"]
nitpicky = True

html_theme = "pydata_sphinx_theme"
html_title = f"skgantk {release}"
html_theme_options = {"show_toc_level": 2, "header_links_before_dropdown": 5}
html_sidebars = {"*": []}  # on top-level pages, which have none below them
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["narrow.css"]
copybutton_exclude = ".linenos, .gp, .go"

# One page for every name of every public module's __all__: new ones need no edit here.
autosummary_generate = ["api_root.rst"]
autosummary_ignore_module_all = False
autosummary_imported_members = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False  # the methods follow on the same page

# What people do first, then what GANs do, then parts of one's own; others at the end.
EXAMPLES = """
    table images oversampling given_rows first_steps sampling_pipeline search
    two_sample_test gaussian_process kernel_on_digits
    particle_flow spread bias ill_posed finite_width instance_noise
    own_loss own_kernel
""".split()
sphinx_gallery_conf = {
    "matplotlib_animations": True,
    "examples_dirs": "../examples",
    "within_subsection_order": ExplicitOrder(
        [*(f"plot_{name}.py" for name in EXAMPLES), "*"]
    ),
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "api/backreferences",
    "doc_module": ("skgantk",),
    "show_memory": False,
    "write_computation_times": False,
}


# The guide cites [F22] and [Z21] as the code does: labels are the keys of the file.
class KeyLabels(BaseLabelStyle):
    """Label an entry with its key."""

    def format_labels(self, sorted_entries):
        """Yield the labels in order."""
        return (entry.key for entry in sorted_entries)


class KeyStyle(Style):
    """The plain style with `KeyLabels`."""

    default_label_style = KeyLabels


register_plugin("pybtex.style.formatting", "keys", KeyStyle)
bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "keys"

# `NTK` in a docstring is a link to its page, whatever module the docstring is in.
default_role = "py:obj"
MODULES = [name for name in skgantk.__all__ if inspect.ismodule(getattr(skgantk, name))]
PUBLIC = {
    name: f"skgantk.{module}.{name}"
    for module in MODULES
    for name in importlib.import_module(f"skgantk.{module}").__all__
}

# No network when building, so no links to the pages of other packages.
nitpick_ignore_regex = [
    ("py:.*", r"(jax|matplotlib|scipy|sklearn)\..*"),
    ("py:.*", "clone|GaussianProcessRegressor|WhiteKernel"),
    # attributes whose docstrings are scikit-learn's
    ("py:.*", "feature_names_in_|fit|n_features_in_|named_steps"),
    ("std:term", "fit"),
]


def resolve_public_name(app, env, node, contnode):
    """Link a bare public name to its page."""
    target = PUBLIC.get(node["reftarget"].removesuffix("()"))
    if node["refdomain"] == "py" and target:
        return env.domains["py"].resolve_xref(
            env, node["refdoc"], app.builder, "obj", target, node, contnode
        )
    return None


def skip_foreign_member(app, what, name, obj, skip, options):
    """Leave out what scikit-learn documents, and attributes of all its estimators."""
    function = getattr(obj, "fget", obj)
    module = getattr(function, "__module__", None) or ""
    of_all = name in ("n_features_in_", "feature_names_in_")
    return skip or (what == "class" and (of_all or not module.startswith("skgantk")))


def first_sentence(doctree):
    """The first sentence of a page, on one line; nothing of a page without text."""
    for paragraph in doctree.findall(nodes.paragraph):
        parent = paragraph.parent
        while isinstance(parent, nodes.section | addnodes.desc | addnodes.desc_content):
            parent = parent.parent
        if parent is doctree:  # and not in a note or a table
            text = " ".join(paragraph.astext().split())
            return re.split(r"(?<=[.?!])(?<!App\.)(?<!Fig\.)\s", text)[0].rstrip(":")
    return ""


def pages_below(env, page):
    """All pages of the table of contents below one, in its order."""
    for child in env.toctree_includes.get(page, []):
        yield child
        yield from pages_below(env, child)


def write_llms_txt(app, exception):
    """An index of all pages for language models, llms.txt, with a line for each."""
    if exception or app.builder.format != "html":
        return
    env, root = app.env, app.config.root_doc

    def entry(page):
        line = first_sentence(env.get_doctree(page))
        link = f"- [{env.titles[page].astext()}]({app.builder.get_target_uri(page)})"
        return f"{link}: {line}" if line else link

    lines = [f"# {project}", "", f"> {first_sentence(env.get_doctree(root))}"]
    top = env.toctree_includes[root]
    parts = [page for page in top if env.toctree_includes.get(page)]
    lines += ["", "## Pages", "", *(entry(page) for page in top if page not in parts)]
    for part in parts:
        lines += ["", f"## {env.titles[part].astext()}", ""]
        lines += [entry(page) for page in (part, *pages_below(env, part))]
    Path(app.outdir, "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def setup(app):
    """Connect the hooks above."""
    app.connect("missing-reference", resolve_public_name)
    app.connect("autodoc-skip-member", skip_foreign_member)
    app.connect("build-finished", write_llms_txt)

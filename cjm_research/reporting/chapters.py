"""An executed notebook as a chapter: body only, no code, sanitised."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cjm_research.reporting.site import Chapter

if TYPE_CHECKING:
    from markupsafe import Markup

_HIDDEN = ("parameters", "injected-parameters", "remove-cell", "papermill-error-cell-tag")
_TAGS = {"section", "figure", "figcaption", "caption", "footer"}
_ATTRIBUTES = {
    "*": {"class", "id"},
    "a": {"href", "title"},
    "img": {"src", "alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "blockquote": {"data-document", "data-start", "data-end"},
}


def render_chapter(notebook: Path) -> Chapter:
    """Render an executed notebook for the site.

    Parameters
    ----------
    notebook : Path
        Executed, named `NN_noun.ipynb`.

    Returns
    -------
    Chapter
        The title is the notebook's first heading. Inputs, parameters and cells tagged
        `remove-cell` are gone; only an allow-list of tags and attributes is left, and of
        images only PNGs that are part of the page.
    """
    import nbformat
    import nh3
    from markupsafe import Markup
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    config = Config()
    config.NbConvertBase.display_data_priority = [
        "text/html",
        "text/markdown",
        "image/png",
        "text/plain",
    ]
    config.TagRemovePreprocessor.enabled = True
    config.TagRemovePreprocessor.remove_cell_tags = list(_HIDDEN)
    exporter = HTMLExporter(
        config=config,
        template_name="basic",  # no head: nothing is loaded from anywhere
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    exporter.register_preprocessor("nbconvert.preprocessors.TagRemovePreprocessor", enabled=True)
    node = nbformat.read(str(notebook), as_version=4)
    title, node = _take_title(node, notebook.stem)
    body, _ = exporter.from_notebook_node(node)
    cleaned = nh3.clean(
        body,
        tags=set(nh3.ALLOWED_TAGS) | _TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_only_own_images,
        url_schemes={"http", "https", "mailto", "data"},
    )
    return Chapter(slug=notebook.stem, title=title, body_html=_without_anchors(cleaned, Markup))


def _only_own_images(tag: str, attribute: str, value: str) -> str | None:
    """Drop data: links, and images that are not PNG data of the page itself."""
    if attribute == "src":
        return value if value.startswith("data:image/png;base64,") else None
    if attribute == "href" and value.strip().lower().startswith("data:"):
        return None
    return value


def _without_anchors(html: str, markup: type[Markup]) -> Markup:
    """Drop nbconvert's pilcrow links; safe as Markup because nh3 has cleaned the rest."""
    return markup(re.sub(r'<a class="anchor-link"[^>]*>[^<]*</a>', "", html))


def _take_title(node: Any, fallback: str) -> tuple[str, Any]:
    """Take the first heading off: the page frame shows it."""
    for cell in node.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            first, _, rest = cell.source.partition("\n")
            cell.source = rest.strip()
            return first.removeprefix("# ").strip(), node
    return fallback, node

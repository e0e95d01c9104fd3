"""A browser, and a page with quotes and claims as the reports write them."""

import pytest

from cjm_research.reporting.site.environment import make_environment
from cjm_research.reporting.site.scripts import load_script

PAGE = """\
{% extends "base.html.j2" %}
{% block title %}A report{% endblock %}
{% block main %}
<meta name="cjm-study" content="{{ study }}"><meta name="cjm-version" content="v1">
<header class="opening"><h1>A report</h1></header>
<section data-claim="F1" data-words="Paying is the trouble"><h2>F1 Paying is the trouble</h2></section>
<table><tbody><tr id="page--V2" data-claim="V:buy"><th scope="row">Buy</th><td>sources agree</td></tr></tbody></table>
{% for quote in quotes %}
<ul><li><figure class="voice" data-quote="{{ quote.id }}" data-document="{{ quote.document }}"
data-start="{{ quote.start }}" data-end="{{ quote.end }}" data-codes="{{ quote.codes }}"
data-stage="buy" data-source="{{ quote.source }}" data-segments="{{ quote.segments }}">
<blockquote class="quote"><p>{{ quote.text }}</p></blockquote></figure></li></ul>
{% endfor %}
<form id="quote-filter" hidden><input type="search" aria-label="Words">
<select name="source" aria-label="Source"><option value="">all</option><option>talks</option></select>
<select name="segment" aria-label="Segment"><option value="">all</option><option>device=phone</option><option>device=</option></select>
<select name="code" aria-label="Code"><option value="">all</option><option>pain_point</option><option>need:need</option></select>
</form>
<script type="application/json" id="cjm-choices">{{ json_block(choices) }}</script>
{% endblock %}
"""  # noqa: E501
CHOICES = {
    "stages": [{"id": "find", "name": "Find"}, {"id": "buy", "name": "Buy"}],
    "codes": [
        {"group": "delight", "code": "ease", "name": "It was easy"},
        {"group": "pain_point", "code": "slow", "name": "Too slow"},
        {"group": "pain_point", "code": "payment", "name": "Paying </script><b>fails"},
        {"group": "pain_point", "code": "trust", "name": "Doubts"},
    ],
}
QUOTES = [
    {"id": "q001", "document": "talks/P01", "start": 54, "end": 71, "source": "talks",
     "text": "Paying was <b>awful</b>.", "codes": "pain_point:payment", "segments": "device=phone"},
    {"id": "q002", "document": "talks/P01", "start": 30, "end": 53, "source": "survey",
     "text": "The café was so slow.", "codes": "pain_point:slow;need:need",
     "segments": "device="},
]  # fmt: skip


@pytest.fixture
def tab(browser):
    """A tab of a browser of its own, which remembers what it asked for and complained of."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.seen = []
    page.on("request", lambda request: page.seen.append(request.url))
    page.on("console", lambda message: page.seen.append(message.text))
    page.on("pageerror", lambda error: page.seen.append(str(error)))
    page.on("dialog", lambda dialog: page.seen.append(dialog.message))
    yield page
    context.close()


@pytest.fixture
def report(tmp_path):
    """Write a page with scripts, and return its path."""

    def write(*scripts, name="page.html", study="tiny"):
        template = make_environment().from_string(PAGE)
        path = tmp_path / name
        path.write_text(
            template.render(
                language="en", study=study, quotes=QUOTES, choices=CHOICES,
                scripts=[load_script(script) for script in scripts],
            ),
            "utf-8",
        )  # fmt: skip
        return path

    return write

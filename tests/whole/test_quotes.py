"""Every quote of every page stands verbatim at its address, in somebody's own words."""

from html.parser import HTMLParser

import pytest


class Quotes(HTMLParser):
    """Collects the block quotes: their address and the text of their <p>."""

    VOID = ("br", "img", "hr", "meta", "link", "input", "col", "wbr", "source")

    def __init__(self):
        super().__init__()
        self.found, self.depth, self.inside, self.text = [], 0, False, []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if self.depth:
            self.depth += tag not in self.VOID
            self.inside = self.inside or tag == "p"
        elif tag == "blockquote" and "data-document" in attributes:
            self.depth, self.text = 1, []
            self.address = (
                attributes["data-document"],
                int(attributes["data-start"]),
                int(attributes["data-end"]),
            )

    def handle_endtag(self, tag):
        if not self.depth:
            return
        if tag == "p":
            self.inside = False
        self.depth -= tag not in self.VOID
        if not self.depth:
            self.found.append((*self.address, "".join(self.text)))

    def handle_data(self, data):
        if self.depth and self.inside:
            self.text.append(data)


def quotes_of(run):
    found = []
    for page in run.pages:
        parser = Quotes()
        parser.feed(page.read_text("utf-8"))
        found += [(page.name, *quote) for quote in parser.found]
    return found


def check_every_quote(run):
    texts = run.study.documents.set_index("document_id")["text"]
    excerpts = run.study.excerpts
    spoken = {(row.document_id, row.start, row.end): row.speaker for row in excerpts.itertuples()}
    quotes = quotes_of(run)
    for page, document, start, end, text in quotes:
        assert texts[document][start:end] == text, (page, document)
        assert spoken[document, start, end] in ("participant", "observer"), (page, text)
    return quotes


def test_demo_quotes_are_verbatim_and_never_an_interviewers(demo):
    quotes = check_every_quote(demo)
    pages = {page for page, *_ in quotes}
    assert {"index.html", "stage-order.html", "chapter-02_voices.html"} <= pages
    assert len(quotes) > 50


@pytest.mark.parametrize("name", ["usability_2018", "survey_2015"])
def test_real_quotes_are_verbatim(name, request):
    assert check_every_quote(request.getfixturevalue(name))


def test_a_changed_word_would_be_noticed(demo):
    _, document, start, end, text = quotes_of(demo)[0]
    texts = demo.study.documents.set_index("document_id")["text"]
    assert texts[document][start + 1 : end] != text

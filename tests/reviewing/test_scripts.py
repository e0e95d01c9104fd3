"""Inline scripts: what may stand there, and whether a browser accepts its hash."""

import json

import pytest

from cjm_research.errors import UnknownNameError
from cjm_research.reporting.site.environment import make_environment
from cjm_research.reporting.site.scripts import (
    as_script,
    content_security_policy,
    json_block,
    load_script,
)

BASE = '{% extends "base.html.j2" %}{% block title %}t{% endblock %}'


def test_a_page_without_scripts_allows_none():
    page = make_environment().from_string(BASE).render(language="en")
    assert "<script" not in page and "script-src" not in page
    assert "default-src 'none'" in page


def test_every_script_of_the_package_may_stand_inline():
    scripts = [load_script(name) for name in ("review", "quotes")]
    page = make_environment().from_string(BASE).render(language="en", scripts=scripts)
    for script in scripts:
        assert f"<script>{script.text}</script>" in page
        assert f"'{script.digest}'" in page
    with pytest.raises(UnknownNameError, match="Did you mean 'review'"):
        load_script("reviews")


@pytest.mark.parametrize("text", ["'</script>'", "a\n'</SCRIPT x'", "<!-- x", "'<script>'", "\0"])
def test_a_script_that_would_end_early_is_refused(text):
    with pytest.raises(ValueError, match="cannot stand in an inline script"):
        as_script(text)


def test_the_policy_names_each_script_once():
    script = as_script("1")
    policy = content_security_policy([script, script])
    assert policy.endswith(f"; script-src '{script.digest}'")
    assert "script-src" not in content_security_policy()


def test_a_block_of_json_holds_any_text():
    value = {"</script><!--": ["&amp;\u2028\u2029\u202e", "é", 1]}
    block = json_block(value)
    assert not set("<>&\u2028\u2029\u202e") & set(block)
    assert json.loads(block) == value


@pytest.mark.browser
def test_the_browser_runs_what_the_policy_names_and_nothing_else(tab, tmp_path):
    script = as_script('document.title = "é ran";\n')
    path = tmp_path / "page.html"
    page = make_environment().from_string(BASE).render(language="en", scripts=[script])
    path.write_text(page, "utf-8")
    tab.goto(path.as_uri())
    assert tab.title() == "é ran"
    assert not [line for line in tab.seen if "Security" in line]
    path.write_text(page.replace("ran", "run"), "utf-8")
    tab.goto(path.as_uri())
    assert tab.title() == "t"
    assert [line for line in tab.seen if "Security" in line]

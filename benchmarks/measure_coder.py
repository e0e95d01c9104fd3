"""Measure the rule coder's pain points against the demo's planted truth, sentence by sentence.

The last line printed is one JSON object. The demo is written, not collected: these figures
compare versions of the rules, they do not promise anything for another study.
"""

from __future__ import annotations

import json
import re

import cjm_research as cjm


def key(text: str) -> str:
    """Return a sentence without what splitting and masking may change around it."""
    return re.sub(r"\W+", " ", text).strip().lower()


def main() -> None:
    """Compare and print."""
    study = cjm.open_study("demo")
    truth = json.loads((study.place.folder / "truth.json").read_text("utf-8"))["excerpts"]
    spoken = study.excerpts.query("speaker == 'participant'")
    excerpts = {
        key(text): one for one, text in zip(spoken["excerpt_id"], spoken["text"], strict=True)
    }
    rules = study.codes.query("code_group == 'pain_point' and coder_id == 'rules'")
    found = rules.groupby("excerpt_id")["code"].agg(set).to_dict()
    n_right = n_planted = n_coded = n_compared = 0
    for row in truth:
        excerpt = excerpts.get(key(row["quote"]))
        if excerpt is None:
            continue
        planted, coded = set(row["pains"]), found.get(excerpt, set()) - {"other"}
        n_compared += 1
        n_right += len(planted & coded)
        n_planted += len(planted)
        n_coded += len(coded)
    figures = {
        "n_sentences": n_compared,
        "n_planted": n_planted,
        "n_coded": n_coded,
        "recall": round(n_right / n_planted, 3),
        "precision": round(n_right / n_coded, 3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

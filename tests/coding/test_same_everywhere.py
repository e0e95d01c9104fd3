"""Row order, threads and hash seed change no code: the whole chain, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from cjm_research.coding import CodingSetting, code_excerpts, measure_excerpts
from cjm_research.coding.scores import Scored

ROOT = Path(__file__).parents[2]
TALK = (
    "I saw the advert on a bus and was curious.",
    "I expected a price but there was none, so I gave up and called support.",
    "My sister could not log in to the basket, it was so annoying.",
    "I chose it because it was cheaper and my friend recommended it to me.",
    "The parcel was late, the courier never rang.",
    "I love it, it works perfectly.",
    "I wish there was a way to pay by phone.",
    "It was better than I expected.",
    "Hm.",
)
ASKED = "What happened when you came to order?"


def talks(n):
    """Return n interviews that say the same, in another order each."""
    return [
        [("interviewer", ASKED), ("participant", " ".join(TALK[k % 9 :] + TALK[: k % 9]))]
        for k in range(n)
    ]


CHILD = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from conftest import make_evidence
from test_same_everywhere import talks
from cjm_research.coding import CodingSetting, code_excerpts, measure_excerpts, split_excerpts
from cjm_research.journey import Journey, Stage, Touchpoint

journey = Journey((
    Stage("find", "Finding", definition="Hearing of the shop.", cues=("the advert",),
          touchpoints=(Touchpoint("Poster on a bus"), Touchpoint("A friend"))),
    Stage("order", "Ordering", definition="Choosing and paying.", cues=("the basket",),
          prompts=("What happened when you came to order?",),
          touchpoints=(Touchpoint("Basket page"), Touchpoint("Support line"))),
    Stage("wait", "Waiting", definition="From paying to the parcel.", cues=("the parcel",)),
))
told = split_excerpts(*make_evidence(*talks(27)))
measured = measure_excerpts(told)
codes = code_excerpts(told, measured, CodingSetting(journey))
print(len(codes), codes["code_group"].nunique())
for table in (measured.scores, measured.embeddings, codes):
    print(hashlib.sha256(table.to_csv().encode()).hexdigest())
"""


def run_child(threads, seed):
    environment = os.environ | {
        "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads),
        "PYTHONHASHSEED": str(seed),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(Path(__file__).parent)],
        capture_output=True, text=True, timeout=300, check=False, cwd=ROOT, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


def test_threads_and_hash_seed_change_no_digit_of_scores_embeddings_and_codes():
    one = run_child(threads=1, seed=0)
    n_codes, n_groups = int(one[0]), int(one[1])
    assert n_codes > 100 and n_groups >= 7
    assert run_child(threads=2, seed=4321) == one


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_changes_no_code_of_the_whole_chain(excerpts, journey, seed):
    told = excerpts(*talks(9))
    setting = CodingSetting(journey)
    measured = measure_excerpts(told)
    straight = code_excerpts(told, measured, setting)
    assert straight["code_group"].nunique() >= 7
    mixed = told.sample(frac=1, random_state=seed)
    again = measure_excerpts(mixed)
    shuffled = Scored(
        again.scores.sample(frac=1, random_state=seed + 10),
        again.embeddings.sample(frac=1, random_state=seed + 20),
    )
    found = code_excerpts(mixed, shuffled, setting)
    assert_frame_equal(found, straight, check_exact=True)


def test_one_interview_more_changes_no_statement_of_the_others(excerpts, journey):
    # Stages may change, as what is common to all the material counts less; no statement does.
    def statements(*interviews):
        told = excerpts(*interviews)
        codes = code_excerpts(told, measure_excerpts(told), CodingSetting(journey))
        mine = codes[codes["document_id"].isin(["talks/P01", "talks/P02"])]
        mine = mine[mine["coder_id"] == "encoder"]
        return mine[["excerpt_id", "code_group", "code", "basis"]].reset_index(drop=True)

    few = statements(*talks(2))
    assert len(few) > 10
    assert_frame_equal(statements(*talks(3)), few)


def test_nothing_said_gives_no_codes(excerpts, journey):
    for told in (excerpts([("participant", "x")]).iloc[:0], excerpts([("interviewer", ASKED)])):
        assert code_excerpts(told, measure_excerpts(told), CodingSetting(journey)).empty

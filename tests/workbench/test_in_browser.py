"""Coding in a real JupyterLab: by keyboard only, into the file, and still there after a reload."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest

pytestmark = pytest.mark.browser
PATIENCE_MS = 90_000
"""Upper limit of any wait; every wait ends as soon as its condition holds."""

CELL = """\
import cjm_research as cjm
from cjm_research.workbench import code_excerpts_by_hand
study = cjm.open_study("tiny")
code_excerpts_by_hand(study, coder="ana", groups=("stage", "pain_point", "need"))
"""


def start_lab(project):
    """Start JupyterLab with settings of its own; return the process and the address."""
    home = project.parent / "jupyter"
    environ = os.environ | {
        "CJM_VAULT": str(project / "vault"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "IPYTHONDIR": str(home / "ipython"),
    }
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        environ[f"JUPYTER_{name}"] = str(home / name.lower())
    for name in ("SETTINGS_DIR", "WORKSPACES_DIR"):
        environ[f"JUPYTERLAB_{name}"] = str(home / name.lower())
    quiet = home / "settings_dir" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True, exist_ok=True)
    (quiet / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}', "utf-8")
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--ServerApp.use_redirect_file=False",
        "--IdentityProvider.token=tiny", f"--ServerApp.root_dir={project}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    log = (project.parent / "lab.log").open("wb")
    server = subprocess.Popen(
        command, cwd=project, env=environ, stdout=log, stderr=log, start_new_session=True
    )
    until = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < until and server.poll() is None:
        for path in (home / "runtime_dir").glob("jpserver-*.json"):
            try:
                return server, json.loads(path.read_text("utf-8"))["url"]
            except json.JSONDecodeError:
                pass  # being written
        time.sleep(0.1)
    stop_lab(server)
    raise AssertionError((project.parent / "lab.log").read_text("utf-8")[-3000:])


def stop_lab(server):
    """End the server, which ends its kernels; one that hangs is killed, and kernels follow it."""
    server.terminate()
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(30)


@pytest.fixture(scope="module")
def lab(_made, browser, tmp_path_factory):
    from playwright import sync_api

    project = tmp_path_factory.mktemp("lab") / "project"
    shutil.copytree(_made, project)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, project / "coding.ipynb")
    server, url = start_lab(project)
    try:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{url}lab/tree/coding.ipynb?token=tiny")
        yield SimpleNamespace(
            page=page,
            sheet=project / "data" / "raw" / "tiny" / "codes" / "ana.csv",
            expect=sync_api.expect,
            timeout=sync_api.TimeoutError,
        )
        page.close()
    finally:
        stop_lab(server)


def run_cell(lab):
    """Run the cell by its keys, and return the widget."""
    page = lab.page
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    prompt = page.locator(".jp-CodeCell .jp-InputPrompt").first
    idle = prompt.inner_text()
    for _ in range(10):
        try:
            page.locator(".jp-CodeCell .cm-content").first.click(timeout=5_000)
            page.keyboard.press("Control+Enter")
            lab.expect(prompt).not_to_have_text(idle, timeout=5_000)
            break
        except (AssertionError, lab.timeout):
            # The page was not ready: it took the focus away, or asks which kernel is meant.
            if page.locator(".jp-Dialog .jp-mod-accept").count():
                page.locator(".jp-Dialog .jp-mod-accept").click()
    widget = page.locator(".cjm-coding")
    try:
        widget.or_(page.get_by_text("Traceback")).first.wait_for()
    except lab.timeout as error:
        raise AssertionError(page.locator("body").inner_text()) from error
    assert widget.count(), page.locator(".jp-OutputArea").inner_text()
    return widget


def status(lab, widget, text):
    lab.expect(widget.locator(".status")).to_have_text(re.compile(text), timeout=PATIENCE_MS)


def at(lab, widget, place):
    lab.expect(widget.locator(".count")).to_contain_text(
        f"Excerpt {place} of 7", timeout=PATIENCE_MS
    )


def read_codes(sheet):
    rows = pd.read_csv(sheet, dtype=str, keep_default_na=False)
    return rows[["quote", "code_group", "code", "strength", "severity"]].to_numpy().tolist()


PAINS = "I couldn't find the button, and the page crashed."
FIVE = [
    ["I saw the advert.", "stage", "find", "1", ""],
    ["I saw the advert.", "pain_point", "none", "1", ""],
    ["I saw the advert.", "need", "none", "1", ""],
    ["It looked great.", "stage", "none", "1", ""],
    ["It looked great.", "pain_point", "none", "1", ""],
    ["It looked great.", "need", "none", "1", ""],
    ["I had expected a total, but there was none.", "pain_point", "price_surprise", "1", "2"],
    ["Well, paying was awful.", "pain_point", "ugly_paying_page", "1", "3"],
    [PAINS, "stage", "buy", "1", ""],
    [PAINS, "pain_point", "forced_account", "1", "4"],
]


def test_five_excerpts_are_coded_by_keyboard_and_survive_a_reload(lab):
    page, keys = lab.page, lab.page.keyboard

    def press(*names):
        for name in names:
            keys.press(name)

    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    widget = run_cell(lab)
    at(lab, widget, 1)
    lab.expect(widget.locator(".said")).to_have_text("I saw the advert.")
    widget.focus()

    # A write that fails is said, and the choice stays.
    lab.sheet.parent.write_text("a file where the folder should be", "utf-8")
    press("a", "Shift+N", "Enter")
    status(lab, widget, "Not saved.*File exists")
    at(lab, widget, 1)
    lab.expect(widget.locator(".tab").first).to_contain_text("Finding")
    lab.sheet.parent.unlink()

    # Enter again: the stage that was chosen, and of the rest nothing applies.
    press("Enter")
    at(lab, widget, 2)
    status(lab, widget, r"Saved in codes/ana\.csv")
    assert read_codes(lab.sheet) == FIVE[:3]
    # Nothing, group by group. What is typed before the kernel answers waits for its excerpt.
    press("0", "n", "0", "Enter", "2", "/")
    at(lab, widget, 3)
    # A pain found by its name, with its severity.
    keys.type("price changed")
    press("Enter", "2", "Enter")
    at(lab, widget, 4)
    # A code of one's own, and a memo.
    press("2", "/")
    keys.type("Ugly paying page")
    press("Enter", "3", "m")
    keys.type("Ask again: which page?")
    press("Escape", "Enter")
    at(lab, widget, 5)
    press("2", "a", "4", "1", "b", "Enter")
    at(lab, widget, 6)
    assert read_codes(lab.sheet) == FIVE
    assert lab.sheet.read_text("utf-8").count("Ask again: which page?") == 1
    # None of these keys did anything in the notebook, where b and a add a cell.
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1

    # Undo appends, and shows the excerpt again; so does coding it once more.
    press("u")
    at(lab, widget, 5)
    status(lab, widget, "Undone")
    rows = read_codes(lab.sheet)
    assert rows[:10] == FIVE
    assert [row[2:4] for row in rows[10:]] == [["buy", "0"], ["forced_account", "0"]]
    press("2", "a", "4", "1", "b", "Enter")
    at(lab, widget, 6)
    written = lab.sheet.read_bytes()

    page.reload()
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    widget = run_cell(lab)
    # It opens where something is open yet: what was said of the third is not all.
    at(lab, widget, 3)
    lab.expect(widget.locator(".count")).to_contain_text("2 finished, 3 in part")
    widget.focus()
    told = [
        ["Finding", "nothing applies", "nothing applies"],
        ["nothing applies"] * 3,
        ["–", "The price changed or was hidden (2)", "–"],
        ["–", "Ugly paying page (3)", "–"],
        ["Buying", "Forced to open an account (4)", "–"],
    ]
    press("ArrowLeft", "ArrowLeft")
    for place, groups in enumerate(told, start=1):
        at(lab, widget, place)
        for tab, text in zip(widget.locator(".told").all(), groups, strict=True):
            lab.expect(tab).to_have_text("" if text == "–" else text)
        press("ArrowRight")
    assert lab.sheet.read_bytes() == written

    # What participants said is text, whatever it holds.
    at(lab, widget, 6)
    press("ArrowRight")
    at(lab, widget, 7)
    lab.expect(widget.locator(".said")).to_have_text("My sister said <b>nothing</b> about the fee.")

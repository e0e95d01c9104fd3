"""The widget: shows one excerpt at a time, takes codes by keyboard, writes them at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd
import traitlets

from cjm_research import coding, review
from cjm_research.codes import NONE, PERSON
from cjm_research.errors import UnknownNameError
from cjm_research.study import Study
from cjm_research.workbench.answers import Answer, Answers
from cjm_research.workbench.groups import (
    DEFAULT_GROUPS,
    SEVERITIES,
    ChoiceGroup,
    list_groups,
)
from cjm_research.workbench.reading import Reader, list_proposals

_HERE = Path(__file__).parent


def code_excerpts_by_hand(
    study: Study,
    *,
    coder: str,
    excerpts: pd.DataFrame | Iterable[str] | None = None,
    groups: Sequence[str] = DEFAULT_GROUPS,
    blind: bool = True,
) -> CodingWidget:
    """Code excerpts by keyboard in JupyterLab.

    Every save appends to `codes/<coder>.csv` in the study's folder; nothing there is ever
    changed or removed. Open the study again to count the new codes.

    Parameters
    ----------
    study : Study
    coder : str
        Who codes: the name of the file. `adjudicated` outranks other people.
    excerpts : DataFrame or iterable of str, optional
        What to code, in this order: rows of `study.excerpts`, or ids. Everything that
        participants and observers said by default; interviewers are left out always.
    groups : sequence of str
        Code groups, in the order in which they are asked.
    blind : bool, default True
        Without the stage and the proposals of machines. Agreement means something only
        between people who coded blind.

    Returns
    -------
    CodingWidget
        Shown by JupyterLab as the last line of a cell.

    Raises
    ------
    UnknownNameError
        If an excerpt or a code group does not exist.
    ConfigError
        If the coder's name cannot name a file.
    TableError
        If a file of codes cannot be read.

    Examples
    --------
    >>> cjm.code_excerpts_by_hand(study, coder="ana")  # doctest: +SKIP
    """
    return CodingWidget(study, coder=coder, excerpts=excerpts, groups=groups, blind=blind)


class CodingWidget(anywidget.AnyWidget):
    """See `code_excerpts_by_hand`.

    Attributes
    ----------
    setting : dict
        Coder, groups and their codes: what the browser needs once.
    screen : dict
        The excerpt at hand, what is saved about it, progress and the last message.
    drafts : dict of excerpt_id to answer
        Choices that are not saved yet; kept here so that reloading the page loses none.
    """

    _esm = _HERE / "widget.js"
    _css = _HERE / "widget.css"
    setting = traitlets.Dict().tag(sync=True)
    screen = traitlets.Dict().tag(sync=True)
    drafts = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        study: Study,
        *,
        coder: str,
        excerpts: pd.DataFrame | Iterable[str] | None = None,
        groups: Sequence[str] = DEFAULT_GROUPS,
        blind: bool = True,
    ) -> None:
        super().__init__()
        self._study = study
        self._coder = review.check_name(coder, "coder")
        self._groups = tuple(groups)
        self._blind = blind
        self._folder = study.place.folder / "codes"
        self._people = study.documents.set_index("document_id")["participant_id"]
        self._excerpts = study.excerpts
        self._reader = Reader(
            self._excerpts,
            documents=study.documents,
            participants=study.participants,
            sources=study.sources,
            stage_names={} if blind else study.stage_names,
        )
        self._order = self._choose(excerpts)
        self._places = {excerpt: place for place, excerpt in enumerate(self._order)}
        codes = study.codes
        self._own_codes = codes[codes["coder_id"] == PERSON + coder]
        self._proposals = {} if blind else list_proposals(codes, study.coders)
        self._labels = coding.label_codes(codes, study.codebook)
        self._undo: list[tuple[str, Answer]] = []
        self._read_answers()
        undone = (i for i, e in enumerate(self._order) if not self._complete(e))
        self._at = next(undone, 0)
        self._show("info", "")
        self.on_msg(self._receive)

    def save(self, excerpt_id: str, answer: Mapping[str, Any]) -> str:
        """Make an answer hold, by appending what it changes to the coder's file.

        Parameters
        ----------
        excerpt_id : str
        answer : mapping
            `codes`: code group to code to severity (0 for none); `note`.

        Returns
        -------
        str
            What was done, for the status line.

        Raises
        ------
        UnknownNameError, TableError
            If an excerpt, code or severity cannot be. Nothing is written then.
        SourceError, OSError
            If the file cannot be written. Nothing is changed then.
        """
        wanted = self._checked(excerpt_id, answer)
        before = self._current(excerpt_id)
        done = self._write(excerpt_id, wanted)
        if done:
            self._undo.append((excerpt_id, before))
        return done or "Nothing was changed."

    def go_to(self, position: int) -> None:
        """Show an excerpt by its position, counted from 0."""
        self._at = min(max(position, 0), max(len(self._order) - 1, 0))

    def go_to_next_open(self) -> None:
        """Show the next excerpt with a group that is not answered; stay where there is none."""
        n = len(self._order)
        ahead = [(self._at + step) % n for step in range(1, n)] if n else []
        self._at = next((i for i in ahead if not self._complete(self._order[i])), self._at)

    def undo(self) -> str:
        """Make hold again what held before the last save, by appending rows that say so."""
        if not self._undo:
            return "There is nothing to undo since this cell was run."
        excerpt_id, before = self._undo[-1]
        self._read_answers_if_changed()
        self._write(excerpt_id, before)
        self._undo.pop()
        self._at = self._places[excerpt_id]
        return "Undone: this excerpt is coded as it was before."

    def _write(self, excerpt_id: str, wanted: Answer) -> str:
        rows = self._answers.rows_for(excerpt_id, wanted)
        if rows.empty:
            return ""
        rows = rows.assign(participant_id=rows["document_id"].map(self._people))
        path = review.append_codes(self._folder, self._coder, _blank_severity(rows))
        self._answers.apply(rows.to_dict("records"))
        self._count(excerpt_id)
        self._stamp = _stamp(path)
        return f"Saved in codes/{path.name}"

    def _current(self, excerpt_id: str) -> Answer:
        self._read_answers_if_changed()
        return self._answers.of(excerpt_id)

    def _read_answers_if_changed(self) -> None:
        """Read the file again: a sheet may have been imported, or a second window be open."""
        if _stamp(self._path) != self._stamp:
            self._read_answers()

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._coder}.csv"

    def _read_answers(self) -> None:
        self._stamp = _stamp(self._path)
        sheets = review.read_sheets(self._folder, journey=self._study.journey)
        own = sheets[sheets["coder_id"] == PERSON + self._coder]
        self._answers: Answers = Answers(self._excerpts, self._own_codes, own)
        self._coded: dict[str, bool] = {}
        for excerpt in self._order:
            self._count(excerpt)
        choices = list_groups(
            self._groups,
            journey=self._study.journey,
            codebook=self._study.codebook,
            labels={} if self._blind else self._labels,
            used=self._answers.used(),
        )
        self._set_choices(choices)

    def _set_choices(self, choices: list[ChoiceGroup]) -> None:
        self._choices = {group.group: group for group in choices}
        self.setting = {
            "coder": self._coder,
            "blind": self._blind,
            "groups": [group.plain() for group in choices],
            "severities": [{"value": value, "name": name} for value, name in SEVERITIES.items()],
        }

    def _count(self, excerpt_id: str) -> None:
        """Note whether an excerpt is coded: True when all groups are, False when some are."""
        answered = self._answers.answered(excerpt_id) & set(self._groups)
        self._coded.pop(excerpt_id, None)
        if answered:
            self._coded[excerpt_id] = answered == set(self._groups)

    def _complete(self, excerpt_id: str) -> bool:
        return self._coded.get(excerpt_id, False)

    def _choose(self, excerpts: pd.DataFrame | Iterable[str] | None) -> list[str]:
        chosen = self._excerpts if excerpts is None else excerpts
        ids = chosen["excerpt_id"] if isinstance(chosen, pd.DataFrame) else chosen
        wanted = list(dict.fromkeys(str(excerpt) for excerpt in ids))
        for excerpt in wanted:
            if excerpt not in self._reader:
                some = [*self._excerpts["excerpt_id"].head(3), "…"]
                raise UnknownNameError("excerpt", excerpt, some, where="study.excerpts")
        return [excerpt for excerpt in wanted if self._reader.codable(excerpt)]

    def _checked(self, excerpt_id: str, answer: Mapping[str, Any]) -> Answer:
        if excerpt_id not in self._places:
            raise UnknownNameError("excerpt", excerpt_id, [*self._order[:3], "…"])
        # Groups that are not asked here stay as they are.
        held = self._current(excerpt_id).codes
        codes = {group: chosen for group, chosen in held.items() if group not in self._choices}
        for group, choices in self._choices.items():
            chosen = answer["codes"].get(group) or {}
            names = [NONE, *(choice.code for choice in choices.codes)]
            for code in chosen:
                if code not in names and not (choices.extensible and _CODE.fullmatch(code)):
                    raise UnknownNameError(f"code of {choices.name.lower()}", code, names)
            if chosen:
                codes[group] = {str(code): int(severity) for code, severity in chosen.items()}
        return Answer(codes, str(answer.get("note", "")).strip())

    def _receive(self, _widget: Any, message: Mapping[str, Any], _buffers: Any) -> None:
        """Do what the browser asks, and answer: a request is never left without a word."""
        kind, text, saved = "info", "", ""
        try:
            if message["do"] == "save":
                text = self.save(message["excerpt_id"], message["answer"])
                kind, saved = "saved", message["excerpt_id"]
            elif message["do"] == "undo":
                text = self.undo()
            self._move(message.get("move", ""))
        except Exception as error:  # whatever it was, the researcher must learn of it
            kind, text = "error", f"Not saved. {str(error) or type(error).__name__}"
        self._show(kind, text, reply=message.get("number", 0), saved=saved)

    def _move(self, move: str) -> None:
        if move == "next_open":
            self.go_to_next_open()
        elif move:
            self.go_to(self._at + {"next": 1, "previous": -1}[move])

    def _show(self, kind: str, text: str, *, reply: int = 0, saved: str = "") -> None:
        item: dict[str, Any] = {}
        if self._order:
            excerpt = self._order[self._at]
            item = self._reader.show(excerpt)
            item["saved"] = self._answers.of(excerpt).plain
            item["proposed"] = self._proposals.get(excerpt, {})
        with self.hold_sync():
            if kind == "saved":
                self._offer_new_codes()
            self.screen = {
                "at": self._at,
                "n": len(self._order),
                "n_coded": len(self._coded),
                "n_complete": sum(self._coded.values()),
                "item": item,
                "saved_id": saved,
                "status": {"kind": kind, "text": text, "reply": reply},
            }

    def _offer_new_codes(self) -> None:
        known = {(g.group, c.code) for g in self._choices.values() for c in g.codes}
        if any(use not in known for use in self._answers.used() if use[0] in self._choices):
            self._set_choices(
                list_groups(
                    self._groups,
                    journey=self._study.journey,
                    codebook=self._study.codebook,
                    labels={} if self._blind else self._labels,
                    used=self._answers.used(),
                )
            )


_CODE = re.compile(r"\w[\w-]*")


def _stamp(path: Path) -> tuple[int, int]:
    """Return what changes whenever a file does; zeros while there is none."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _blank_severity(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave the cell empty where there is no severity."""
    return rows.assign(severity=rows["severity"].astype("object").where(rows["severity"] > 0, ""))

"""Doors to people's coding work: sheets out and in, samples, agreement, the codebook's log.

Every function takes an open study, reads its tables, and writes only beneath its folder under
`data/raw`: `codes/`, `samples/`, `sheets/` and `codebook_log.csv`. After a function that
writes, open the study anew to see the change in its tables.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from cjm_research import coding, review
from cjm_research.codes import NONE, PERSON, resolve_codes
from cjm_research.coding import themes
from cjm_research.errors import ConfigError, SourceError, UnknownNameError
from cjm_research.study import Study
from cjm_research.study.project import packaged

CODES = "codes"
SAMPLES = "samples"
SHEETS = "sheets"
VALIDATION = "validation"
"""Name of the sample when none is given."""

_BUILT_IN = {
    "expectation": {
        "met": "What somebody expected, hoped or feared came about",
        "missed": "What somebody expected, hoped or was promised did not come about",
        "exceeded": "It was better than somebody had expected or feared",
    },
    "need": {"need": "A wish, a request or a lack that somebody wants filled"},
}


def list_allowed_codes(study: Study, *, given: pd.DataFrame | None = None) -> pd.DataFrame:
    """List the codes that people may give.

    Parameters
    ----------
    study : Study
    given : DataFrame, optional
        Codes that people have given already (`code_group`, `code`); by default those of the
        study's tables, which are made for it.

    Returns
    -------
    DataFrame
        `code_group`, `code`, `name`, `definition`: the journey's stages, the codebook, the
        emotions, the kinds of expectation and need, codes that people have given already and
        those that a split has made; without codes that were merged into others or retired.
    """
    log = review.read_log(_log_path(study))
    rows = [("stage", stage.id, stage.name, stage.definition) for stage in study.journey]
    rows += [(entry.group, entry.code, entry.name, entry.definition) for entry in study.codebook]
    rows += [(group, code, "", text) for group, codes in _BUILT_IN.items()
             for code, text in codes.items()]  # fmt: skip
    rows += [("emotion", emotion, "", "") for emotion in coding.EMOTIONS if emotion != "neutral"]
    if given is None:
        given = study.codes[lambda rows: rows["coder_id"].str.startswith(PERSON)]
    given = given[~given["code"].isin([NONE, review.MEMO])]
    pairs = [(row["code_group"], code) for row in review.current_changes(log).to_dict("records")
             if row["action"] == "split" for code in review.split_codes(row["into"])]  # fmt: skip
    pairs += list(given[["code_group", "code"]].drop_duplicates().itertuples(index=False))
    rows += [(group, code, "", "") for group, code in sorted(pairs)]
    allowed = pd.DataFrame(rows, columns=["code_group", "code", "name", "definition"])
    allowed = allowed.drop_duplicates(["code_group", "code"]).reset_index(drop=True)
    keys = pd.MultiIndex.from_frame(allowed[["code_group", "code"]])
    ended = [
        (row["code_group"], row["code"])
        for row in review.current_changes(log).to_dict("records")
        if row["action"] in ("merge", "retire")
    ]
    renamed = review.renamed_labels(log)
    names = [renamed.get(key, name) for key, name in zip(keys, allowed["name"], strict=True)]
    return allowed.assign(name=names)[~keys.isin(ended)].reset_index(drop=True)


def export_sheet(
    study: Study,
    *,
    coder: str,
    out: Path | None = None,
    blind: bool = True,
    source: str = "",
    validation: int = 0,
    sample: str = VALIDATION,
    suggested: int = 0,
    disagreements: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write a sheet for a person to code on.

    Parameters
    ----------
    study : Study
    coder : str
        Whose sheet it is; his own codes are filled in.
    out : Path, optional
        A `.csv` or `.xlsx`; by default an `.xlsx` under the study's `sheets/`.
    blind : bool, default True
        Whether the codes of machines stay hidden.
    source : str, optional
        Only excerpts of this source.
    validation : int, optional
        Excerpts to draw at random (`review.draw_validation_sample`), at the first call; later
        calls, for other coders, give the same sample. Always blind.
    sample : str, default "validation"
        Name of the sample: a file under `samples/`.
    suggested : int, optional
        Excerpts that a person should code next (`coding.suggest_excerpts_to_code`). They are
        not drawn at random: they teach the machine and cannot estimate agreement.
    disagreements : bool, default False
        The excerpts of the sample on which people disagree, with what each of them said.
    overwrite : bool, default False

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ConfigError
        If options contradict each other, or there is nothing to export.
    UnknownNameError
        If there is no such source.
    SourceError
        If the file or a sample of another size is there, or there is no sample.
    """
    review.check_name(coder, "coder")
    check_writable(study)
    if sum(map(bool, (validation, suggested, disagreements))) > 1:
        raise ConfigError("export", ["take one of --validation, --next and --disagreements."])
    if validation and not blind:
        raise ConfigError("export", ["a validation sample is coded blind: leave out --not-blind."])
    aside = study.languages.loc[lambda rows: rows["status"] == coding.SET_ASIDE, "document_id"]
    excerpts, codes = study.excerpts, study.codes
    excerpts = excerpts[~excerpts["document_id"].isin(aside)]
    if source:
        excerpts = excerpts[excerpts["source"] == _known_source(study, source)]
    what, chosen = "", None
    said: dict[str, pd.Series] = {}
    if validation:
        chosen, what = _validation_sample(study, excerpts, validation, sample), sample
    elif suggested:
        chosen, what = _suggested(study, excerpts, suggested), "next"
    elif disagreements:
        chosen, said = _disagreements(study, _read_sample(study, sample))
        what = "disagreements"
    own = codes[codes["coder_id"] == f"{PERSON}{coder}"]
    aliases = study.participants.set_index("participant_id")["alias"].to_dict()
    sheet = review.make_sheet(
        excerpts, study.documents, codes=pd.concat([own, _machine_codes(study)]), coder=coder,
        blind=blind, sample=chosen, aliases=aliases, said=said,
    )  # fmt: skip
    if sheet.empty:
        raise ConfigError("export", ["there is no excerpt to code."])
    path = out or study.place.folder / SHEETS / f"{'-'.join(filter(None, (coder, what)))}.xlsx"
    return review.write_sheet(sheet, path, allowed=list_allowed_codes(study), overwrite=overwrite)


def import_sheet(study: Study, path: Path, *, coder: str, new_codes: bool = False) -> int:
    """Append what a sheet says to its coder's file.

    Parameters
    ----------
    study : Study
    path : Path
        A sheet of `export_sheet`, filled in.
    coder : str
    new_codes : bool, default False
        Take codes that the codebook does not know.

    Returns
    -------
    int
        Rows appended; 0 when the sheet says nothing new.

    Raises
    ------
    TableError
        With all that is wrong with the sheet; then nothing is appended.
    """
    review.check_name(coder, "coder")
    check_writable(study)
    log = review.read_log(_log_path(study))
    rows = review.read_sheet_back(
        path, documents=study.documents, allowed=list_allowed_codes(study),
        gone=review.gone_codes(log), new_codes=new_codes,
    )  # fmt: skip
    if rows.empty:
        return 0
    keys = ["document_id", "start", "end"]
    ids = study.excerpts[[*keys, "excerpt_id"]]
    placed = rows.merge(ids, on=keys, how="left")
    loose = placed.loc[placed["excerpt_id"].isna(), "row"].unique()
    if len(loose):
        raise ConfigError(
            path.name,
            [f"row {row}: the text is no longer one excerpt; export the sheet again and copy this "
             "row's codes." for row in loose],
        )  # fmt: skip
    new = review.find_new_rows(placed, study.codes, coder=coder)
    people = study.documents.set_index("document_id")["participant_id"]
    new = new.assign(participant_id=new["document_id"].map(people))
    review.append_codes(study.place.folder / CODES, coder, new)
    return len(new)


def estimate_agreement(
    study: Study, *, sample: str = VALIDATION, random_state: int = 0
) -> pd.DataFrame:
    """Estimate how far people agree, on a random sample only; see `review.estimate_agreement`.

    Raises
    ------
    SourceError
        If there is no sample: agreement on chosen excerpts says nothing about the rest.
    """
    found = _read_sample(study, sample)
    return review.estimate_agreement(study.codes, found, random_state=random_state)


def estimate_reliability(
    study: Study, *, sample: str = VALIDATION, random_state: int = 0
) -> pd.DataFrame:
    """Estimate how far all people agree, on a random sample; see `review.estimate_reliability`.

    Raises
    ------
    SourceError
        If there is no sample.
    """
    found = _read_sample(study, sample)
    return review.estimate_reliability(study.codes, found, random_state=random_state)


def estimate_machine_quality(
    study: Study, *, sample: str = VALIDATION, random_state: int = 0
) -> pd.DataFrame:
    """Estimate how well the machine matches people; see `review.estimate_machine_quality`.

    Raises
    ------
    SourceError
        If there is no sample.
    """
    found = _read_sample(study, sample)
    return review.estimate_machine_quality(
        study.codes, _machine_codes(study), found, random_state=random_state
    )


def change_codebook(
    study: Study,
    action: str,
    *,
    by: str,
    code_group: str = "",
    code: str = "",
    into: str | Sequence[str] = "",
    label: str = "",
    note: str = "",
) -> str:
    """Log a change of the codebook and return its id; see `review.append_change`."""
    check_writable(study)
    codes = study.codes
    given = codes[~codes["code"].isin([NONE, review.MEMO])]
    pairs = pd.concat([list_allowed_codes(study), given])[["code_group", "code"]]
    return review.append_change(
        _log_path(study), action=action, by=by, code_group=code_group, code=code, into=into,
        label=label, note=note, known=set(pairs.itertuples(index=False, name=None)),
    )  # fmt: skip


def list_changes(study: Study) -> pd.DataFrame:
    """Return the log of the codebook, with `holds`: whether a change was not undone."""
    log = review.read_log(_log_path(study))
    current = review.current_changes(log)["change_id"]
    return log.assign(holds=log["change_id"].isin(current))


def list_worklist(study: Study) -> pd.DataFrame:
    """Return what splits left to be recoded; see `review.list_worklist`."""
    return review.list_worklist(study.codes, review.read_log(_log_path(study)))


def _validation_sample(study: Study, excerpts: pd.DataFrame, n: int, name: str) -> pd.DataFrame:
    folder = study.place.folder / SAMPLES
    if name not in review.list_samples(folder):
        # The name is the seed: another sample of the same study is another draw.
        drawn = review.draw_validation_sample(excerpts, n=n, random_state=zlib.crc32(name.encode()))
        if drawn.empty:
            raise ConfigError("export", ["there is no excerpt to draw."])
        review.write_sample(folder, name, drawn)
        return drawn
    rows = pd.read_csv(folder / f"{name}.csv")
    if len(rows) != min(n, _n_codable(excerpts)):
        raise SourceError(
            f"{SAMPLES}/{name}.csv",
            f"there is a sample of {len(rows)} excerpts, and samples are never changed.",
            f"code that one (--validation {len(rows)}), or name another with --sample NAME.",
        )
    return _read_sample(study, name)


def _n_codable(excerpts: pd.DataFrame) -> int:
    return int((excerpts["speaker"] != "interviewer").sum())


def _read_sample(study: Study, name: str) -> pd.DataFrame:
    folder = study.place.folder / SAMPLES
    names = review.list_samples(folder)
    if not names:
        raise SourceError(
            study.name,
            "cannot tell: no excerpts were drawn at random. Agreement on excerpts that somebody "
            "chose says nothing about the rest.",
            f"`cjm codes export {study.name} --coder NAME --validation 100` for each coder; code, "
            "import, and ask again.",
        )
    sample, _ = review.read_sample(folder, name, study.excerpts, study.documents)
    return sample


def _suggested(study: Study, excerpts: pd.DataFrame, n: int) -> pd.DataFrame:
    chosen = study.suggest_excerpts_to_code(n=len(study.excerpts))
    return chosen[chosen["excerpt_id"].isin(excerpts["excerpt_id"])].head(n)


def _disagreements(study: Study, sample: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """Return the excerpts in dispute, and what each person said, by heading and excerpt."""
    differ = review.list_disagreements(study.codes, sample)
    if differ.empty:
        raise ConfigError("export", ["no two people disagree on the sample, or all is settled."])
    differ = differ.assign(said=differ["code_group"] + ": " + differ["codes"])
    said = {
        f"{coder.removeprefix(PERSON)} says": rows.groupby("excerpt_id")["said"].agg("\n".join)
        for coder, rows in differ.groupby("coder_id", sort=True)
    }
    return sample[sample["excerpt_id"].isin(differ["excerpt_id"])], said


def freeze_themes(study: Study) -> Path:
    """Freeze the study's themes: what is said later joins them, and what fits none is new.

    Returns
    -------
    Path
        `themes.json` in the study's folder.

    Raises
    ------
    SourceError
        If themes are frozen already (`refit_themes`), or too little was said for any.
    """
    check_writable(study)
    coder = _theme_coder(study)
    found = coder.fit(study.excerpts, study.scores)
    if found is None:
        raise SourceError(
            study.name,
            "too few excerpts tell of trouble for themes, or no theme is among them.",
            "freeze themes when more interviews are in.",
        )
    return themes.freeze_themes(found, study.place.folder / coding.THEMES_FILE)


def refit_themes(study: Study) -> pd.DataFrame:
    """Find themes anew, keep the ids of those that stay, and keep the former file.

    Returns
    -------
    DataFrame
        `former`, `now`, `overlap`, `closest`: what became of each frozen theme.

    Raises
    ------
    SourceError
        If no themes are frozen.
    """
    check_writable(study)
    path = study.place.folder / coding.THEMES_FILE
    if not path.exists():
        raise SourceError(
            study.name, "no themes are frozen.", f"`cjm themes freeze {study.name}` first."
        )
    coder = replace(_theme_coder(study), frozen=None)
    former = themes.read_themes(path, encoder_sha256=coding.load_encoder().sha256)
    found = coder.fit(study.excerpts, study.scores)
    if found is None:
        raise SourceError(study.name, "no theme was found anew.", "keep the frozen ones.")
    vectors = coder.pain_vectors(study.excerpts, study.scores)
    fitted, mapping = themes.refit_themes(former, found, vectors)
    themes.replace_frozen(fitted, path)
    return mapping


def _theme_coder(study: Study) -> coding.ThemeCoder:
    pains = study.held_codes[lambda rows: rows["code_group"] == "pain_point"]
    coder = coding.make_theme_coder(study.coding, coding.as_vectors(study.embeddings))
    return replace(coder, carried=pains[pains["code"] != coding.OTHER])


def _machine_codes(study: Study) -> pd.DataFrame:
    """Return the codes that would hold without any person."""
    codes = study.codes[lambda rows: ~rows["coder_id"].str.startswith(PERSON)]
    return resolve_codes(codes, study.coders)


def _known_source(study: Study, source: str) -> str:
    known = sorted(study.excerpts["source"].unique())
    if source not in known:
        raise UnknownNameError("source with words", source, known)
    return source


def check_writable(study: Study) -> None:
    """Refuse to write into the demo of an installed package."""
    shipped = packaged("demo").resolve()
    root = study.place.processed.parents[2].resolve()
    folder = study.place.folder.resolve()
    if folder == shipped and not folder.is_relative_to(root):
        raise SourceError(
            "demo",
            "this is the demo that ships with the package; people's codes are not kept in it.",
            "copy its folder to data/raw/NAME, and work there.",
        )


def _log_path(study: Study) -> Path:
    return study.place.folder / review.LOG_FILE

"""The report's tables as data frames, numbers first, then text, so that a terminal can print the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from abaw_pipeline.errors import DataError
from abaw_pipeline.report import numbers
from abaw_pipeline.report.inputs import CLASS_MEASURES, MEASURES, checked, plain

POOLED, MEAN, SPREAD = "all", "mean", "sd"
_KEYS = ["corpus", "protocol", "split", "level"]


class Setting(NamedTuple):
    """What a measure was taken on: rows of different settings are never compared."""

    corpus: str
    protocol: str
    split: str
    level: str


def settings(metrics: pd.DataFrame) -> list[Setting]:
    """The settings in a table of metrics, the main one (that of the first row) first."""
    rows = metrics[_KEYS].drop_duplicates()
    return [Setting(*(plain(value) for value in row)) for row in rows.itertuples(index=False)]


def of_setting(metrics: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    """The rows of one setting."""
    mask = pd.Series(True, index=metrics.index)
    for key, name in zip(_KEYS, setting, strict=True):
        mask &= pd.Series([plain(value) == name for value in metrics[key]], index=metrics.index, dtype=bool)
    return metrics[mask]


def results_table(
    metrics: pd.DataFrame,
    *,
    measure: str = "accuracy",
    setting: Setting | None = None,
    systems: Sequence[str] = (),
) -> pd.DataFrame:
    """One row a system, the best first, those without a result last.

    Args:
        metrics: the long table of a ReportInput.
        measure: what ranks the systems and is given by fold.
        setting: which rows count; the main setting where None.
        systems: names of systems that get a row even without metrics.

    Returns:
        Columns system, n, for each of MEASURES its pooled value, `<measure>_lo` and `<measure>_hi` (NaN where
        unknown), wald_lo and wald_hi of the accuracy, interval (how lo and hi of `measure` were made), mean
        and sd of `measure` over folds, and `fold <name>` with the value of `measure` by fold. Fractions 0..1.
    """
    metrics = checked(metrics, "metrics")
    if len(metrics):
        metrics = of_setting(metrics, setting or settings(metrics)[0])
    overall = metrics[metrics["class"].isin(["", POOLED])]
    names = [*dict.fromkeys([*overall["system"], *systems])]
    folds = sorted(
        set(overall["fold"]) - {POOLED, MEAN, SPREAD}, key=lambda fold: (not fold.isdigit(), len(fold), fold)
    )
    rows = [_result_row(overall[overall["system"] == name], name, measure, folds) for name in names]
    columns = [
        "system",
        "n",
        *_value_columns(),
        "wald_lo",
        "wald_hi",
        "interval",
        "mean",
        "sd",
        *(f"fold {f}" for f in folds),
    ]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(measure, ascending=False, na_position="last", kind="stable", ignore_index=True)


def results_text(table: pd.DataFrame, *, folds: bool = True) -> pd.DataFrame:
    """The rows of `results_table` as text in percent, for the page or a terminal.

    Args:
        table: what `results_table` returned.
        folds: whether to keep the columns by fold.
    """
    text = pd.DataFrame({"System": table["system"].astype(str)})
    for measure, title in MEASURES.items():
        if table[measure].notna().any():
            parts = zip(table[measure], table[f"{measure}_lo"], table[f"{measure}_hi"], strict=True)
            text[title] = [f"{numbers.points(v)} {numbers.interval(lo, hi)}".strip() for v, lo, hi in parts]
        if measure == "accuracy" and table["wald_lo"].notna().any():
            bounds = zip(table["wald_lo"], table["wald_hi"], strict=True)
            text["Wald"] = [numbers.interval(lo, hi) or numbers.MISSING for lo, hi in bounds]
    for column in fold_columns(table) if folds else []:
        text[column.capitalize()] = [numbers.points(value) for value in table[column]]
    if folds and table["mean"].notna().any():
        spread = zip(table["mean"], table["sd"], strict=True)
        text["Mean ± SD"] = [f"{numbers.points(mean)} ± {numbers.points(sd)}" for mean, sd in spread]
    text["n"] = [numbers.count(n) for n in table["n"]]
    return text


def fold_columns(table: pd.DataFrame) -> list[str]:
    """Names of the columns by fold of a `results_table`."""
    return [column for column in table.columns if column.startswith("fold ")]


def class_table(metrics: pd.DataFrame, measure: str, systems: Sequence[str], classes: Sequence[str]) -> pd.DataFrame:
    """A measure by system and class, pooled over folds, in the main setting; NaN where unknown."""
    table = pd.DataFrame(np.nan, index=[*systems], columns=[*classes])
    if len(metrics):
        rows = of_setting(metrics, settings(metrics)[0])
        rows = rows[(rows["fold"] == POOLED) & (rows["measure"] == measure)]
        for system, name, value in zip(rows["system"], rows["class"], rows["value"], strict=True):
            if system in table.index and name in table.columns:
                table.loc[system, name] = float(value)
    return table


def class_supports(metrics: pd.DataFrame, system: str, classes: Sequence[str]) -> pd.Series:
    """How many scored units of each class a system had in the main setting, float64 [K], by the n of recalls."""
    counts = pd.Series(0.0, index=[*classes])
    if len(metrics):
        rows = of_setting(metrics, settings(metrics)[0])
        rows = rows[(rows["fold"] == POOLED) & (rows["measure"] == "recall") & (rows["system"] == system)]
        for name, number in zip(rows["class"], rows["n"], strict=True):
            if name in counts.index:
                counts[name] = float(number)
    return counts


def class_text(metrics: pd.DataFrame, system: str, classes: Sequence[str]) -> pd.DataFrame:
    """Precision, recall and F1 of one system by class, as text in percent."""
    text = pd.DataFrame({"Class": [*classes]})
    for measure, title in CLASS_MEASURES.items():
        values = class_table(metrics, measure, [system], classes).to_numpy()[0]
        text[title] = [numbers.points(value) for value in values]
    return text


def confusion_matrix(confusion: pd.DataFrame, system: str, classes: Sequence[str]) -> npt.NDArray[np.float64]:
    """Counts of one system, float64 [K truth, K predicted], pooled over folds; all zero where there is none.

    Raises:
        DataError: a count is of a class that is not among `classes`.
    """
    rows = confusion[confusion["system"] == system]
    if (rows["fold"] == POOLED).any():
        rows = rows[rows["fold"] == POOLED]
    place = {name: index for index, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)))
    unknown = sorted({str(name) for name in [*rows["truth"], *rows["predicted"]]} - set(place))
    if unknown:
        raise DataError(f"counts of unknown classes {unknown}", where=f"confusion of {system}")
    for truth, predicted, number in zip(rows["truth"], rows["predicted"], rows["count"], strict=True):
        counts[place[truth], place[predicted]] += number
    return counts


def mean_confusion(confusion: pd.DataFrame, system: str, classes: Sequence[str]) -> pd.DataFrame:
    """Row shares of one system's confusion matrices, averaged over folds as S2 prints them.

    A fold counts for the classes that are true in it.

    Returns:
        float64, classes by classes; NaN for a class that is true nowhere; no rows where there are fewer than two folds.
    """
    folds = [name for name in dict.fromkeys(confusion["fold"]) if name not in (POOLED, MEAN, SPREAD)]
    own = confusion[confusion["system"] == system]
    shares = []
    for fold in folds:
        counts = confusion_matrix(own[own["fold"] == fold], system, classes)
        total = counts.sum(axis=1, keepdims=True)
        shares.append(np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0))
    if len(shares) < 2:
        return pd.DataFrame(columns=[*classes])
    known = ~np.isnan(shares)
    number = known.sum(axis=0)
    summed = np.where(known, shares, 0.0).sum(axis=0)
    means = np.divide(summed, number, out=np.full(summed.shape, np.nan), where=number > 0)
    return pd.DataFrame(means, index=[*classes], columns=[*classes])


def probability_text(metrics: pd.DataFrame, systems: Sequence[str]) -> pd.DataFrame:
    """Log loss and expected calibration error (percent) of the main setting, pooled over folds, with intervals.

    Args:
        metrics: the long table of a ReportInput.
        systems: which systems, in the order wanted; those of which neither is known are left out.
    """
    rows = of_setting(metrics, settings(metrics)[0]) if len(metrics) else metrics
    rows = rows[(rows["fold"] == POOLED) & rows["measure"].isin(["log_loss", "ece"])]
    found = {(row["system"], row["measure"]): row for row in rows.to_dict("records")}
    text = []
    for name in systems:
        loss, error = found.get((name, "log_loss")), found.get((name, "ece"))
        if loss is None or error is None:
            continue
        bounds = f"[{loss['lo']:.3f}, {loss['hi']:.3f}]" if numbers.is_number(loss["lo"]) else ""
        own = f"{numbers.points(error['value'])} {numbers.interval(error['lo'], error['hi'])}".strip()
        text.append({"System": name, "Log loss": f"{loss['value']:.3f} {bounds}".strip(), "Calibration error": own})
    return pd.DataFrame(text, columns=["System", "Log loss", "Calibration error"])


def weight_table(weights: pd.DataFrame, method: str, classes: Sequence[str]) -> pd.DataFrame:
    """Mean weight over all fits of one fusion method, systems by classes.

    Where a method weighs each source class (stacking), the weight of a class is the one that a system's
    posterior of that class has for that class.
    """
    rows = weights[weights["method"] == method]
    own = rows[(rows["source_class"] == "") | (rows["source_class"] == rows["class"])]
    own = own.assign(weight=pd.to_numeric(own["weight"]))
    means = own.pivot_table(index="system", columns="class", values="weight", aggfunc="mean", dropna=False)
    return means.reindex(index=[*dict.fromkeys(rows["system"])], columns=[*classes])


def change_table(change_points: pd.DataFrame, column: str, systems: Sequence[str]) -> pd.DataFrame:
    """CPM or frames by system and bin around changes of emotion, bins in order of time.

    Args:
        change_points: the table of a ReportInput.
        column: "cpm" or "frames".
        systems: which systems, in the order wanted; those without any bin are left out.

    Returns:
        float64, systems by place among `change_bins`; NaN where unknown.
    """
    bins = change_bins(change_points)
    known = set(change_points["system"])
    table = pd.DataFrame(np.nan, index=[name for name in systems if name in known], columns=range(len(bins)))
    for row in change_points.to_dict("records"):
        if row["system"] in table.index and numbers.is_number(row[column]):
            table.loc[row["system"], bins.index((float(row["lo"]), float(row["hi"])))] = float(row[column])
    return table


def change_bins(change_points: pd.DataFrame) -> list[tuple[float, float]]:
    """The bins around changes of emotion, (lo, hi) in seconds, in order of time."""
    return sorted({(float(lo), float(hi)) for lo, hi in zip(change_points["lo"], change_points["hi"], strict=True)})


def failure_summary(failures: pd.DataFrame) -> pd.DataFrame:
    """How often each error happened at each stage, most frequent first, with the first message of its kind."""
    causes = failures[failures["blocked_by"] == ""]
    groups = causes.groupby(["artifact", "stage", "error"], sort=False, dropna=False)
    rows = [
        {"Artifact": plain(artifact), "Stage": plain(stage), "Error": plain(error)}
        | {"Pieces": len(group), "First message": plain(group["message"].iloc[0])}
        for (artifact, stage, error), group in groups
    ]
    table = pd.DataFrame(rows, columns=["Artifact", "Stage", "Error", "Pieces", "First message"])
    return table.sort_values("Pieces", ascending=False, kind="stable", ignore_index=True)


def _value_columns() -> list[str]:
    return [f"{measure}{end}" for measure in MEASURES for end in ("", "_lo", "_hi")]


def _result_row(rows: pd.DataFrame, name: str, measure: str, folds: list[str]) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys([*_value_columns(), "wald_lo", "wald_hi", "mean", "sd", "n"], np.nan)
    row |= {"system": name, "interval": ""}
    pooled = rows[rows["fold"] == POOLED]
    for item in MEASURES:
        found = pooled[pooled["measure"] == item]
        wald = found[found["interval"] == "wald"]
        main = found[found["interval"] != "wald"]
        best = main if len(main) else wald
        if len(best):
            first = best.iloc[0]
            row |= {item: first["value"], f"{item}_lo": first["lo"], f"{item}_hi": first["hi"]}
            if item == measure:
                row |= {"n": first["n"], "interval": first["interval"]}
        if item == "accuracy" and len(wald):
            row |= {"wald_lo": wald["lo"].iloc[0], "wald_hi": wald["hi"].iloc[0]}
    for fold in (MEAN, SPREAD, *folds):
        values = rows[(rows["fold"] == fold) & (rows["measure"] == measure)]["value"]
        row[fold if fold in (MEAN, SPREAD) else f"fold {fold}"] = values.iloc[0] if len(values) else np.nan
    return row

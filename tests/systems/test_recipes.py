import numpy as np
import pytest

from abaw_pipeline.artifacts.fingerprint import components
from abaw_pipeline.artifacts.search import Search
from abaw_pipeline.errors import DataError
from abaw_pipeline.systems.recipes import fit_system, predict_system

from .examples import CLASSES, SYSTEMS, WINDOWED, make_examples, make_timed, truth


def arguments(examples, labels, **system):
    return (
        {
            "clip_ids": list(examples.clip_ids),
            "subjects": list(examples.subjects),
            "durations": examples.durations.tolist(),
            "classes": list(examples.classes),
            "inputs": dict(examples.inputs),
        }
        | ({"labels": labels, "seed": 1} if labels is not None else {})
        | system
    )


def test_names_of_whole_clips_and_stretches_mean_the_same():
    examples, svm = make_examples(12), SYSTEMS["linear_svm"]
    names = [CLASSES[i] for i in truth(examples)]
    runs = [{"start": [0.0], "end": [d], "label": [n]} for n, d in zip(names, examples.durations, strict=True)]
    one, other = (fit_system(**arguments(examples, labels, system=svm)) for labels in (names, runs))
    assert one.card == other.card
    table = predict_system(**arguments(examples, None, system=svm, fitted=one))
    assert table.equals(predict_system(**arguments(examples, None, system=svm, fitted=other)))
    with pytest.raises(DataError, match="joy"):
        fit_system(**arguments(examples, ["joy", *names[1:]], system=svm))


def test_posteriors_of_windows_are_rows_of_their_clip():
    examples, svm = make_timed(4), WINDOWED["linear_svm"]
    runs = [
        {"start": item.start, "end": item.end, "label": [None if v < 0 else CLASSES[v] for v in item.values]}
        for item in examples.labels
    ]
    fitted = fit_system(**arguments(examples, runs, system=svm))
    table = predict_system(**arguments(examples, None, system=svm, fitted=fitted)).to_pandas()
    assert table.columns.tolist() == ["clip_id", "start", "end", *(f"p_{name}" for name in CLASSES)]
    assert table["clip_id"].unique().tolist() == ["clip00", "clip01", "clip02"], "clip03 shows no face"
    assert (table["end"] > table["start"]).all()
    np.testing.assert_allclose(table[[f"p_{name}" for name in CLASSES]].sum(axis=1), 1, atol=1e-5)


def test_the_network_counts_in_the_fingerprint():
    search = Search()
    search.run("abaw_pipeline.systems.lstm_network", ("LSTMNetwork",))
    assert "abaw_pipeline.models.lstm:LSTMModel" in search.taken
    assert "torch" in search.roots
    parts = [components(fit_system, {"system": SYSTEMS["lstm"].model_copy(update=c)}) for c in ({}, {"hidden": (8, 5)})]
    assert parts[0]["argument system.hidden"] != parts[1]["argument system.hidden"]

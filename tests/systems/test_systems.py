"""One suite of checks for every kind of system."""

import dataclasses
import json

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from abaw_pipeline.errors import DataError
from abaw_pipeline.systems import AnySystem
from abaw_pipeline.types import FeatureSequence, TimedLabels, Waveform

from .examples import CLASSES, SYSTEMS, as_labels, make_examples, take, truth

TRAIN, TEST = make_examples(), make_examples(30, seed=1)
LABELS = truth(TEST)
SEED = 3


@pytest.fixture(scope="module", params=list(SYSTEMS))
def system(request):
    return SYSTEMS[request.param]


@pytest.fixture(scope="module")
def fitted(system):
    return system.fit(TRAIN, seed=SEED)


def clip_probabilities(posteriors):
    return np.stack([each.values.mean(axis=0) for each in posteriors])


def accuracy(posteriors, labels):
    return (clip_probabilities(posteriors).argmax(axis=1) == labels).mean()


def test_unseen_clips_are_recognized(system, fitted):
    assert accuracy(system.predict(fitted, TEST), LABELS) >= 0.85


def test_labels_unrelated_to_the_sound_teach_nothing(system):
    labels = as_labels(np.arange(len(TRAIN)) // 3 % 3, TRAIN.durations)  # each sound goes with each label equally often
    fit = system.fit(dataclasses.replace(TRAIN, labels=labels), seed=1)
    probabilities = clip_probabilities(system.predict(fit, TEST))
    assert probabilities[np.arange(len(TEST)), LABELS].mean() < 0.5


def test_posteriors_are_probabilities_over_the_clip(system, fitted):
    posteriors = system.predict(fitted, TEST)
    assert len(posteriors) == len(TEST)
    for each, duration in zip(posteriors, TEST.durations, strict=True):
        assert each.values.dtype == np.float32
        assert each.values.shape == (len(each.start), len(CLASSES))
        assert (each.values >= 0).all()
        np.testing.assert_allclose(each.values.sum(axis=1), 1, atol=1e-5)
        assert each.start[0] == 0
        assert each.end[-1] == pytest.approx(duration, abs=0.02 if system.kind == "framewise" else 1e-3)


def test_order_and_company_of_clips_do_not_matter(system, fitted):
    together = system.predict(fitted, TEST)
    rows = [7, 0, 19]
    for row, each in zip(rows, system.predict(fitted, take(TEST, rows)), strict=True):
        np.testing.assert_allclose(each.values, together[row].values, atol=1e-4)
    alone = system.predict(fitted, take(TEST, [4]))[0]
    np.testing.assert_allclose(alone.values, together[4].values, atol=1e-4)


def test_labels_are_not_looked_at_in_prediction(system, fitted):
    blind = system.predict(fitted, dataclasses.replace(TEST, labels=None))
    for a, b in zip(blind, system.predict(fitted, TEST), strict=True):
        np.testing.assert_array_equal(a.values, b.values)


def test_same_seed_same_model(system, fitted):
    import torch

    torch.manual_seed(99)
    before = torch.get_rng_state()
    again = system.fit(TRAIN, seed=SEED)
    assert torch.equal(torch.get_rng_state(), before), "the global generator was used"
    assert again.card == fitted.card
    assert list(again.tensors) == list(fitted.tensors)
    for name, tensor in again.tensors.items():
        np.testing.assert_array_equal(tensor, fitted.tensors[name])
    for a, b in zip(system.predict(again, TEST), system.predict(fitted, TEST), strict=True):
        np.testing.assert_array_equal(a.values, b.values)


@pytest.mark.parametrize("name", ["sequence_network", "cnn_lstm", "xgboost"])
def test_another_seed_gives_another_model(name):
    few = take(TRAIN, list(range(12)))
    quick = SYSTEMS[name].model_copy(update={"epochs": 1})
    one, two = quick.fit(few, seed=0), quick.fit(few, seed=1)
    key = list(one.tensors)[0 if name == "xgboost" else -1]
    assert not np.array_equal(one.tensors[key], two.tensors[key])


def test_card_tells_what_was_fitted(system, fitted):
    card = json.loads(json.dumps(fitted.card, allow_nan=False))
    assert card["kind"] == system.kind
    assert card["classes"] == list(CLASSES)
    assert card["inputs"] == list(system.inputs)
    assert card["n_train"] == len(TRAIN)
    assert card["seed"] == SEED
    assert TypeAdapter(AnySystem).validate_python(card["settings"]) == system


def test_network_curves_are_kept():
    card = SYSTEMS["sequence_network"].fit(take(TRAIN, list(range(12))), seed=0).card
    assert len(card["curves"][0]) == SYSTEMS["sequence_network"].epochs
    assert card["curves"][0][-1] < card["curves"][0][0]


def test_no_clips_to_predict(system, fitted):
    assert system.predict(fitted, take(TEST, [])) == []


def test_a_class_without_examples_keeps_its_column(system):
    rows = [i for i, label in enumerate(truth(TRAIN)) if label != 1]
    fit = system.fit(take(TRAIN, rows), seed=0)
    posteriors = system.predict(fit, TEST)
    assert clip_probabilities(posteriors).shape[1] == len(CLASSES)
    known = LABELS != 1
    assert (clip_probabilities(posteriors).argmax(axis=1) == LABELS)[known].mean() >= 0.75


def test_one_subject_is_enough(system):
    alone = dataclasses.replace(TRAIN, subjects=["same"] * len(TRAIN))
    fit = system.model_copy(update={"epochs": 1}).fit(alone, seed=0)
    assert np.isfinite(fit.card.get("temperature", 1.0))


def turned(item):
    return TimedLabels(np.array([0.2, 0.0]), np.array([0.4, 0.2]), np.array([0, 1]))


def spoil(examples, name, index, change):
    items = list(examples.inputs[name])
    items[index] = change(items[index])
    return dataclasses.replace(examples, inputs={**examples.inputs, name: items})


def with_nan(item):
    if isinstance(item, Waveform):
        return Waveform(np.where(np.arange(len(item.samples)) == 3, np.nan, item.samples), item.rate)
    return FeatureSequence(item.start, item.end, np.full_like(item.values, np.nan))


def emptied(item):
    if isinstance(item, Waveform):
        return Waveform(item.samples[:0], item.rate)
    return FeatureSequence(item.start[:0], item.end[:0], item.values[:0])


@pytest.mark.parametrize("change", [with_nan, lambda item: "text"])
def test_bad_values_name_clip_and_input(system, fitted, change):
    name = system.inputs[-1]
    with pytest.raises(DataError, match=f"clip05.*{name}"):
        system.fit(spoil(TRAIN, name, 5, change), seed=0)
    with pytest.raises(DataError, match=f"clip02.*{name}"):
        system.predict(fitted, spoil(TEST, name, 2, change))


def test_sound_without_samples_is_an_error():
    with pytest.raises(DataError, match=r"clip05.*vocals"):
        SYSTEMS["cnn_lstm"].fit(spoil(TRAIN, "vocals", 5, emptied), seed=0)


@pytest.mark.parametrize("kind", [name for name in SYSTEMS if name != "cnn_lstm"])
def test_clips_without_rows_say_nothing(kind):
    system = SYSTEMS[kind].model_copy(update={"epochs": 1})
    name = system.inputs[-1]
    without = system.fit(spoil(TRAIN, name, 0, emptied), seed=SEED)
    left_out = system.fit(take(TRAIN, list(range(1, 36))), seed=SEED)
    posteriors = system.predict(without, spoil(TEST, name, 2, emptied))
    assert posteriors[2].values.shape == (0, len(CLASSES))
    for index, each in enumerate(system.predict(left_out, TEST)):
        if index != 2:
            np.testing.assert_allclose(posteriors[index].values, each.values, atol=1e-5)
    nothing = dataclasses.replace(TRAIN, inputs={**TRAIN.inputs, name: [emptied(i) for i in TRAIN.inputs[name]]})
    with pytest.raises(DataError, match=r"there to be read|no clip has feature vectors"):
        system.fit(nothing, seed=0)
    blank = dataclasses.replace(TEST, inputs={**TEST.inputs, name: [emptied(i) for i in TEST.inputs[name]]})
    assert [len(each.start) for each in system.predict(without, blank)] == [0] * len(TEST)


def test_missing_input_names_those_there_are(system, fitted):
    bare = dataclasses.replace(TRAIN, inputs={"other": TRAIN.inputs["vocals"]})
    with pytest.raises(DataError, match=f"{system.inputs[0]}.*other"):
        system.fit(bare, seed=0)
    with pytest.raises(DataError, match=f"{system.inputs[0]}.*other"):
        system.predict(fitted, bare)


def test_other_widths_are_refused(system, fitted):
    def narrow(item):
        if isinstance(item, Waveform):
            return Waveform(item.samples, 8000)
        return FeatureSequence(item.start, item.end, item.values[:, :-1])

    name = system.inputs[0]
    with pytest.raises(DataError, match="clip05"):
        system.fit(spoil(TRAIN, name, 5, narrow), seed=0)
    with pytest.raises(DataError, match="clip00"):
        system.predict(fitted, spoil(TEST, name, 0, narrow))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda e: take(e, []), "no clips"),
        (lambda e: dataclasses.replace(e, labels=None), "no labels"),
        (lambda e: take(e, [i for i in range(36) if truth(e)[i] == 1]), "labelled anger"),
        (lambda e: dataclasses.replace(e, labels=as_labels(truth(e) + 1, e.durations)), "3 classes"),
        (lambda e: dataclasses.replace(e, labels=e.labels[1:]), "35 clips for 36"),
        (lambda e: dataclasses.replace(e, labels=as_labels(truth(e) * 0 - 1, e.durations)), "annotated"),
        (lambda e: dataclasses.replace(e, labels=[turned(i) for i in e.labels]), "clip00.*overlap"),
    ],
)
def test_nothing_to_learn_is_an_error(system, change, match):
    with pytest.raises(DataError, match=match):
        system.fit(change(TRAIN), seed=0)


def test_other_classes_are_refused(system, fitted):
    turned = dataclasses.replace(TEST, classes=CLASSES[::-1])
    with pytest.raises(DataError, match="neutral, anger, sadness, not sadness"):
        system.predict(fitted, turned)


def test_another_system_is_refused(system, fitted):
    other = SYSTEMS["linear_svm" if system.kind != "linear_svm" else "xgboost"]
    with pytest.raises(DataError, match=f"fitted {system.kind}"):
        other.predict(fitted, TEST)


def test_misspelt_and_impossible_parameters_are_refused():
    adapter = TypeAdapter(AnySystem)
    with pytest.raises(ValidationError, match="widht"):
        adapter.validate_python({"kind": "cnn_lstm", "widht": 3})
    with pytest.raises(ValidationError, match="inputs"):
        adapter.validate_python({"kind": "linear_svm", "inputs": []})
    with pytest.raises(ValidationError, match="epochs"):
        adapter.validate_python({"kind": "cnn_lstm", "epochs": 0})

import json
import os
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from tests.backbones.toy import CLASSES, SMALL, part, pieces, still_rows

from abaw_pipeline.artifacts import Recipe, RecipeMap
from abaw_pipeline.backbones import loop
from abaw_pipeline.backbones.training import ONNX, backbone_recipe, train_backbone
from abaw_pipeline.errors import DataError
from abaw_pipeline.training.checkpoint import load_checkpoint

OPTIMIZERS = {
    "sgd": {"optimizer": "sgd"},
    "adam": {"optimizer": "adam", "learning_rate": 0.01},
    "adamw": {"optimizer": "adamw", "learning_rate": 0.01, "average": 0.0},
}


def changed(**changes):
    return type(SMALL).model_validate(SMALL.model_dump() | changes)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Sums are added up in an order that depends on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def shards():
    return pieces(still_rows(60, "train"), still_rows(30, "validation"))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_learns(shards, name):
    fitted = train_backbone(changed(**OPTIMIZERS[name], epochs=12), shards, CLASSES, 1)
    assert fitted.card["validation"]["accuracy"] > 0.9
    assert fitted.card["curve"][-1]["loss"] < fitted.card["curve"][0]["loss"]


def test_card_tells_what_was_done(shards, tmp_path):
    extra = still_rows(4, "train", seed=9)
    for row, label in zip(extra, ["contempt", "contempt", "anger", "anger"], strict=True):
        row["image_id"], row["label"] = row["image_id"] + "x", label
    extra[3] |= {"image": None, "problem": "unreadable"}
    settings = changed(epochs=2, left_out={"toy": ["sadness"]})
    fitted = train_backbone(settings, [*shards, *pieces(extra)], CLASSES, 1)
    card = fitted.card
    assert card["n_left_out"] == {"contempt": 2, "sadness": 30}
    total = {name: card["n_train"][name] + card["n_aside"][name] for name in CLASSES}
    assert total == {"neutral": 20, "anger": 21, "sadness": 0}
    assert card["n_validation"] == {"neutral": 10, "anger": 10, "sadness": 0}
    assert len(card["curve"]) == 2
    assert card["aside"]["uar"] == card["curve"][card["epoch"] - 1]["aside_uar"]
    from abaw_pipeline.systems.storage import FittedFormat

    FittedFormat().write(fitted, tmp_path / "backbone")
    again = FittedFormat().read(str(tmp_path / "backbone"))
    assert again.card == json.loads(json.dumps(card))
    assert {name: array.tobytes() for name, array in again.tensors.items()} == {
        name: array.tobytes() for name, array in fitted.tensors.items()
    }


def test_validation_and_test_images_change_nothing_that_is_kept(shards):
    settings = changed(epochs=2)
    with_others = train_backbone(settings, shards, CLASSES, 1)
    alone = train_backbone(settings, shards[:1], CLASSES, 1)
    assert alone.card["validation"] is None
    for name, array in alone.tensors.items():
        np.testing.assert_array_equal(array, with_others.tensors[name], err_msg=name)


def test_copies_of_training_images_are_reported_apart(shards):
    copies = [row | {"image_id": row["image_id"] + "c", "split": "validation"} for row in still_rows(6, "train")]
    card = train_backbone(changed(epochs=1), [*shards, *pieces(copies)], CLASSES, 1).card
    assert card["n_copies"] == 6
    assert sum(card["n_validation"].values()) == 36
    assert card["validation_without_copies"] is not None


def test_same_seed_same_weights_in_any_order_of_shards(shards):
    rows = still_rows(60, "train")
    one = train_backbone(changed(epochs=2), pieces(rows), CLASSES, 5)
    two = train_backbone(changed(epochs=2), pieces(rows[1::2], rows[::2]), CLASSES, 5)
    other = train_backbone(changed(epochs=2), pieces(rows), CLASSES, 6)
    assert one.tensors[ONNX].tobytes() == two.tensors[ONNX].tobytes()
    assert one.tensors[ONNX].tobytes() != other.tensors[ONNX].tobytes()


def test_people_set_aside_are_not_learnt(monkeypatch):
    seen = {}

    def spy(network, settings, fit, aside, **others):
        seen.update(fit=set(fit.subjects), aside=set(aside.subjects))
        return original(network, settings, fit, aside, **others)

    original = loop.train_epochs
    monkeypatch.setattr(loop, "train_epochs", spy)
    fitted = train_backbone(changed(epochs=1), pieces(still_rows(60, "train", subjects=5)), CLASSES, 1)
    assert len(seen["fit"]) == 4
    assert len(seen["aside"]) == 1
    assert not seen["fit"] & seen["aside"]
    assert fitted.card["aside_by"] == "subject"


def test_stops_early_and_keeps_the_best(shards):
    settings = changed(epochs=40, patience=2, learning_rate=0.03)
    fitted = train_backbone(settings, shards, CLASSES, 1)
    curve, epoch = fitted.card["curve"], fitted.card["epoch"]
    assert len(curve) == epoch + 2 < 40
    assert curve[epoch - 1]["aside_uar"] == max(entry["aside_uar"] for entry in curve) == fitted.card["aside"]["uar"]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "no training images"),
        (still_rows(9, "validation"), "no training images"),
        ([row for row in still_rows(9, "train") if row["label"] == "anger"], "all 3 training images show anger"),
        (still_rows(9, "train", subjects=1), "one subject"),
    ],
)
def test_nothing_to_learn_from(rows, problem):
    with pytest.raises(DataError, match=problem):
        train_backbone(SMALL, pieces(rows), CLASSES, 1)


def test_runaway_loss_is_an_error(shards):
    with pytest.raises(DataError, match="no longer finite"):
        train_backbone(changed(learning_rate=1e30, epochs=3), shards, CLASSES, 1)


def test_torch_is_left_as_it_was(shards):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    train_backbone(changed(epochs=1), shards, CLASSES, 1)
    assert torch.equal(torch.get_rng_state(), before)


def test_recipes_of_different_trainings_have_checkpoints_apart(shards, tmp_path):
    def make(seed=1, **execution):
        refs = RecipeMap("stills", {str(n): Recipe(part, {"n": n}) for n in (60, 30)})
        return backbone_recipe(changed(epochs=2), [refs.ref(key) for key in refs], CLASSES, seed, **execution)

    one, two = make(scratch=str(tmp_path)), make(2, scratch=str(tmp_path))
    assert one.execution["scratch"] != two.execution["scratch"]
    assert one.fingerprint == make(device="cuda").fingerprint != two.fingerprint
    assert one.compute().card["n_train"]
    assert not list(tmp_path.iterdir())


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_resumed_training_is_the_undisturbed_one(shards, tmp_path, monkeypatch, name, precision):
    settings = changed(**OPTIMIZERS[name], precision=precision)
    whole = train_backbone(settings, shards, CLASSES, 3)
    scratch = tmp_path / "scratch"
    epochs = []

    def stop(state, folder):
        save(state, folder)
        epochs.append(len(state.curve))
        if len(epochs) in {1, 3}:
            raise StoppedError

    save = loop._save
    monkeypatch.setattr(loop, "_save", stop)
    for _ in range(2):
        with pytest.raises(StoppedError):
            train_backbone(settings, shards, CLASSES, 3, scratch=str(scratch))
    resumed = train_backbone(settings, shards, CLASSES, 3, scratch=str(scratch))
    assert epochs == [1, 2, 3, 4]
    assert resumed.card == whole.card
    for key, array in whole.tensors.items():
        np.testing.assert_array_equal(array, resumed.tensors[key], err_msg=key)
    assert not scratch.exists()


SCRIPT = """
import sys
import pyarrow.parquet as pq
from abaw_pipeline.backbones.training import train_backbone
from tests.backbones.test_training import changed, CLASSES
train_backbone(changed(epochs=40), [pq.read_table(sys.argv[1])], CLASSES, 3, scratch=sys.argv[2])
"""


@pytest.mark.long
def test_training_goes_on_after_its_process_was_killed(shards, tmp_path):
    table, scratch = tmp_path / "stills.parquet", tmp_path / "scratch"
    pq.write_table(pa.concat_tables(shards), table)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(table), str(scratch)], env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    try:
        deadline = time.monotonic() + 60
        while not (scratch / "checkpoint.safetensors").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    assert len(load_checkpoint(str(scratch))[1]["curve"]) < 40
    resumed = train_backbone(changed(epochs=40), shards, CLASSES, 3, scratch=str(scratch))
    whole = train_backbone(changed(epochs=40), shards, CLASSES, 3)
    assert resumed.card == whole.card
    assert resumed.tensors[ONNX].tobytes() == whole.tensors[ONNX].tobytes()

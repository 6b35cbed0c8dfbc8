import pytest
import torch
from safetensors import SafetensorError

from abaw_pipeline.training import checkpoint
from abaw_pipeline.training.checkpoint import load_checkpoint, remove_checkpoint, save_checkpoint


def test_comes_back_as_it_was(tmp_path):
    folder = str(tmp_path / "a" / "b")
    assert load_checkpoint(folder) is None
    shared = torch.rand(2, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    tensors = {"a": shared, "step": torch.tensor(3.0), "count": torch.tensor(7), "same": shared}
    save_checkpoint(folder, tensors, {"curve": [{"loss": 0.1}], "done": False})
    found, facts = load_checkpoint(folder)
    assert facts == {"curve": [{"loss": 0.1}], "done": False}
    for name, tensor in tensors.items():
        assert torch.equal(found[name], tensor)
        assert found[name].dtype == tensor.dtype
    remove_checkpoint(folder)
    assert not (tmp_path / "a" / "b").exists()
    remove_checkpoint(folder)


def test_a_failed_save_leaves_the_old_one(tmp_path, monkeypatch):
    save_checkpoint(str(tmp_path), {"a": torch.zeros(2)}, {"n": 1})

    def fail(path):
        raise OSError("no space left")

    monkeypatch.setattr(checkpoint, "make_durable", fail)
    with pytest.raises(OSError, match="no space"):
        save_checkpoint(str(tmp_path), {"a": torch.ones(2)}, {"n": 2})
    assert load_checkpoint(str(tmp_path))[1] == {"n": 1}
    (tmp_path / "others.txt").write_text("x")
    remove_checkpoint(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["others.txt"]


def test_a_damaged_one_is_an_error(tmp_path):
    (tmp_path / checkpoint.NAME).write_bytes(b"damaged")
    with pytest.raises(SafetensorError):
        load_checkpoint(str(tmp_path))

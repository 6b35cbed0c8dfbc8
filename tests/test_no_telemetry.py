"""Libraries that would report their use are kept from it."""

import os
import subprocess
import sys
from pathlib import Path

SESSION = """
{first}
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper
x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [x], [y])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
session.run(None, {{"x": np.ones(1, np.float32)}})
"""
"""The smallest network that can be run."""


def left_at_home(home: Path, first: str) -> list[str]:
    """What a process that runs a network leaves in its home folder."""
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "CI", "XDG_", "GITHUB_"))}
    environment = {**kept, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", SESSION.format(first=first)], env=environment, check=True)
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_onnx_runtime_names_no_device_and_stores_no_events(tmp_path: Path) -> None:
    assert left_at_home(tmp_path / "with", "import abaw_pipeline") == []

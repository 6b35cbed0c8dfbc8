"""A trained backbone as an ONNX graph, written node by node; batch norms are folded into convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from abaw_pipeline.models.backbone import Backbone
from abaw_pipeline.types import ByteArray, DoubleArray

OPSET = 17
"""Version of ONNX's operators, read by ONNX Runtime 1.12 and later."""

IR_VERSION = 8
"""Version of the file's layout that goes with it."""


def to_onnx(network: Backbone, size: int) -> ByteArray:
    """The graph's bytes.

    Input `pixels`, float32 [batch, 1, size, size], gray, 0 to 255. Outputs `embedding`, float32 [batch, D], and
    `logits`, float32 [batch, K]. The batch may be of any size.

    Args:
        network: its running statistics are used, as in evaluation.
        size: pixels of the square that the network sees.

    Returns:
        uint8 [n_bytes].
    """
    from onnx import TensorProto, checker, helper

    graph = _Graph()
    _standardize(graph, network)
    x = graph.convolution("stem", "standardized", network.stem, network.stem_norm, relu=True)
    for index, block in enumerate(network.blocks):
        x = _block(graph, f"block{index}", x, block)
    graph.node("GlobalAveragePool", [x], "pooled")
    graph.node("Flatten", ["pooled"], "vector", axis=1)
    factor, offset = _norm(network.dense_norm)
    graph.dense("dense", "vector", network.dense.weight.numpy(force=True) * factor[:, None], offset, "units")
    graph.node("Relu", ["units"], "embedding")
    head = network.head
    graph.dense("head", "embedding", head.weight.numpy(force=True), head.bias.numpy(force=True), "logits")
    made = helper.make_graph(
        graph.nodes,
        "backbone",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 1, size, size])],
        [
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", network.dense.out_features]),
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", network.head.out_features]),
        ],
        graph.constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    checker.check_model(model, full_check=True)
    return np.frombuffer(model.SerializeToString(deterministic=True), dtype=np.uint8)


def _standardize(graph: _Graph, network: Backbone) -> None:
    if not network.per_image:
        graph.constant("mean", network.mean.numpy(force=True))
        graph.constant("scale", network.scale.numpy(force=True))
        graph.node("Sub", ["pixels", "mean"], "centered")
        graph.node("Div", ["centered", "scale"], "standardized")
        return
    graph.node("ReduceMean", ["pixels"], "level", axes=[2, 3], keepdims=1)
    graph.node("Sub", ["pixels", "level"], "centered")
    graph.node("Mul", ["centered", "centered"], "squared")
    graph.node("ReduceMean", ["squared"], "variance", axes=[2, 3], keepdims=1)
    graph.node("Add", ["variance", graph.constant("one", np.ones(1))], "above_zero")
    graph.node("Sqrt", ["above_zero"], "deviation")
    graph.node("Div", ["centered", "deviation"], "standardized")


def _block(graph: _Graph, name: str, x: str, block: Any) -> str:
    first = graph.convolution(f"{name}.first", x, block.first, block.first_norm, relu=True)
    second = graph.convolution(f"{name}.second", first, block.second, block.second_norm, relu=False)
    if block.around is not None:
        x = graph.convolution(f"{name}.around", x, block.around, block.around_norm, relu=False)
    graph.node("Add", [second, x], f"{name}.sum")
    return graph.node("Relu", [f"{name}.sum"], f"{name}.out")


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, values: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype=np.float32), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def convolution(self, name: str, x: str, conv: nn.Conv2d, norm: nn.BatchNorm2d, *, relu: bool) -> str:
        """A convolution whose weights hold the norm after it."""
        factor, offset = _norm(norm)
        weight = conv.weight.numpy(force=True) * factor[:, None, None, None]
        inputs = [x, self.constant(f"{name}.weight", weight), self.constant(f"{name}.bias", offset)]
        pads = [int(pad) for pad in conv.padding] * 2
        out = self.node("Conv", inputs, f"{name}.conv", strides=list(conv.stride), pads=pads)
        return self.node("Relu", [out], f"{name}.relu") if relu else out

    def dense(self, name: str, x: str, weight: npt.NDArray[Any], bias: npt.NDArray[Any], output: str) -> str:
        inputs = [x, self.constant(f"{name}.weight", weight), self.constant(f"{name}.bias", bias)]
        return self.node("Gemm", inputs, output, transB=1)


def _norm(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[DoubleArray, DoubleArray]:
    """Factor and offset, a channel each, that do what the norm does in evaluation."""
    values = (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    mean, variance, gain, offset = (value.numpy(force=True).astype(np.float64) for value in values if value is not None)
    factor = gain / np.sqrt(variance + norm.eps)
    return factor, offset - mean * factor

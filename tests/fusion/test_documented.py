"""The example of docs/fusion.md names every kind of fusion, with parameters that there are."""

import re
import typing

import yaml
from tests.conftest import PROJECT

from abaw_pipeline.fusion import Fusion
from abaw_pipeline.stages import FusionStage

TEXT = (PROJECT / "docs" / "fusion.md").read_text(encoding="utf-8")


def test_each_fusion_has_an_example() -> None:
    blocks = re.findall(r"^```yaml\n(fusion:.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    stage = FusionStage.model_validate(yaml.safe_load(blocks[0])["fusion"])
    kinds = typing.get_args(typing.get_args(Fusion)[0])
    assert {type(method) for method in stage.methods.values()} == set(kinds)
    assert stage.fused_by("sound_alone", ["svm", "ee_svm", "sequence"]) == ["svm", "sequence"]
    assert stage.optimistic == ("mcwf",)
    told = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|.*$", TEXT, re.MULTILINE))))
    assert {method.kind for method in stage.methods.values()} <= told

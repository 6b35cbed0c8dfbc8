"""The example of docs/fusion.md names every kind of fusion, with parameters that there are; its commands fit, too."""

import argparse
import re
import shlex
import typing

import yaml
from tests.conftest import PROJECT
from tests.test_parameters import change, read

from abaw_pipeline.fusion import Fusion
from abaw_pipeline.parameters import check_parameters
from abaw_pipeline.pipelines import fusion
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


def test_each_command_names_what_there_is() -> None:
    commands = [shlex.split(line, comments=True) for line in re.findall(r"^\$ (kedro run .*)$", TEXT, re.MULTILINE)]
    assert len(commands) == 5
    nodes = {node.name for node in fusion.create_pipeline().nodes}
    pipelines = {each.name for each in (PROJECT / "src" / "abaw_pipeline" / "pipelines").iterdir()}
    parser = argparse.ArgumentParser(allow_abbrev=False, exit_on_error=False)
    for option in ("--pipelines", "--nodes", "--params"):
        parser.add_argument(option, type=lambda text: text.split(","), default=[])
    for command in commands:
        given = parser.parse_args(command[2:])
        assert set(given.pipelines) <= pipelines
        assert set(given.nodes) <= nodes
        tree = read("base")
        for path, value in (each.split("=") for each in given.params):
            tree = change(tree, path, value)
        assert (check_parameters(tree) != check_parameters(read("base"))) == bool(given.params)

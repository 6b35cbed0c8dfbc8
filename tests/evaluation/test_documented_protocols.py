"""The examples of docs/studies.md, which are one for each protocol."""

import re
import typing

import yaml
from tests.conftest import PROJECT

from abaw_pipeline.evaluation.protocols import AnyProtocol
from abaw_pipeline.stages import CrossValidation

TEXT = (PROJECT / "docs" / "studies.md").read_text(encoding="utf-8")
EXAMPLES = [
    CrossValidation.model_validate(yaml.safe_load(block)["cross_validation"]).protocol
    for block in re.findall(r"^```yaml\n(cross_validation:.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
]


def test_each_protocol_has_an_example() -> None:
    protocols = typing.get_args(typing.get_args(AnyProtocol)[0])
    assert {type(example) for example in EXAMPLES} == set(protocols)

import pytest
from pydantic import ValidationError

from abaw_pipeline.backbones import ResidualBackbone


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"size": 50}, "size 50 is larger than side 48"),
        ({"patience": 3, "aside": 0}, "patience needs images set aside"),
        ({"left_out": {"fer2031": ["neutral"]}}, "none of stills: fer2013"),
        ({"left_out": {"fer2013": ["happy"]}}, "'happy'"),
        ({"schedule": {"kind": "cosine", "cycle": 5}}, "did you mean 'cycles'"),
        ({"stills": []}, "stills"),
    ],
)
def test_settings_that_cannot_be_meant(fields, problem):
    with pytest.raises(ValidationError, match=problem):
        ResidualBackbone.model_validate({"stills": ["fer2013"], **fields})


def test_settings_of_s0_can_be_written():
    made = ResidualBackbone.model_validate(
        {
            "stills": ["affectnet", "fer2013"],
            "left_out": {"fer2013": ["neutral", "happiness"]},
            "embedding": 512,
            "noise": 0.1,
            "optimizer": "adam",
            "learning_rate": 1e-4,
            "epochs": 30,
            "schedule": {"kind": "cosine", "cycles": 5, "least": 0.1},
            "class_weights": "inverse",
        }
    )
    assert made == ResidualBackbone.model_validate(made.model_dump(mode="json"))

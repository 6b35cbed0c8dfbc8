"""openSMILE behind its door."""

import sys

import numpy as np
import pytest
from pydantic import ValidationError
from tests.audio.sounds import RATE, voice, wave

from abaw_pipeline.audio.features import OpenSmileFunctionals, OpenSmileLLD, smile
from abaw_pipeline.errors import DataError, PipelineError


def test_without_the_extra_the_error_names_command_and_licence(monkeypatch):
    smile.extractor.cache_clear()
    monkeypatch.setitem(sys.modules, "opensmile", None)
    for call in (OpenSmileFunctionals().names, lambda: OpenSmileLLD().extract(wave(voice()))):
        with pytest.raises(PipelineError, match=r"pip install \"abaw_pipeline\[opensmile\]\".*research only"):
            call()


def test_deltas_exist_for_compare_alone():
    with pytest.raises(ValidationError, match="no deltas for eGeMAPSv02"):
        OpenSmileLLD(feature_set="eGeMAPSv02", deltas=True)


def test_full_scale_does_not_wrap_around():
    """At 16 bits 1.0 would become -32768: a loud square wave would lose its upper half."""
    pytest.importorskip("opensmile")
    square = np.where(np.arange(RATE) // 50 % 2, 1.0, -1.0)
    part = OpenSmileLLD(feature_set="eGeMAPSv02")
    full = part.extract(wave(square)).values
    almost = part.extract(wave(square * 32766 / 32768)).values
    np.testing.assert_allclose(full, almost, rtol=0.02, atol=0.05)


def test_pitch_is_found_where_its_name_says():
    pytest.importorskip("opensmile")
    part = OpenSmileFunctionals(feature_set="eGeMAPSv02")
    row = dict(zip(part.names(), part.extract(wave(voice(2.0, hertz=220))).values[0], strict=True))
    assert row["F0semitoneFrom27.5Hz_sma3nz_percentile50.0"] == pytest.approx(36, abs=0.5)


def test_deltas_stand_beside_their_descriptors():
    pytest.importorskip("opensmile")
    values = OpenSmileLLD(deltas=True).extract(wave(voice())).values
    np.testing.assert_array_equal(values[:, :65], OpenSmileLLD().extract(wave(voice())).values[: len(values)])
    # A slope over two neighbours on each side: it follows the curve's own differences.
    steps = (values[2:, :65] - values[:-2, :65]) / 2
    middle = [np.corrcoef(steps[5:-5, i], values[6:-6, 65 + i])[0, 1] for i in range(1, 65)]
    assert np.median(middle) > 0.8


def test_answers_without_any_number_are_refused():
    pytest.importorskip("opensmile")
    with (
        pytest.warns(UserWarning, match="too short"),
        pytest.raises(DataError, match=r"finds no eGeMAPSv02 functionals in 0\.020 s"),
    ):
        smile.rows("eGeMAPSv02", "functionals", np.zeros(320))

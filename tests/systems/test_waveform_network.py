import numpy as np

from abaw_pipeline.systems.waveform_network import WaveformNetwork
from abaw_pipeline.systems.windows import window_starts

from .examples import SYSTEMS, make_examples, take


def test_paper_window_and_shift():
    system = WaveformNetwork()
    assert system.inputs == ("vocals",)
    assert round(system.window_s * 16_000) == 64_000
    assert window_starts(128_000, 64_000, round(64_000 * system.shift)) == [0, 25_600, 51_200, 64_000]


def test_loudness_of_a_recording_does_not_matter():
    system, examples = SYSTEMS["cnn_lstm"], make_examples(9)
    fitted = system.model_copy(update={"epochs": 2}).fit(examples, seed=0)
    louder = take(examples, [0])
    louder.inputs["vocals"][0].samples[:] *= 3
    once = system.predict(fitted, louder)[0].values
    louder.inputs["vocals"][0].samples[:] /= 30
    np.testing.assert_allclose(system.predict(fitted, louder)[0].values, once, atol=1e-4)


def test_digital_silence_gives_probabilities():
    system, examples = SYSTEMS["cnn_lstm"], make_examples(9)
    examples.inputs["vocals"][0].samples[:] = 0
    fitted = system.model_copy(update={"epochs": 1}).fit(examples, seed=0)
    assert np.isfinite(system.predict(fitted, take(examples, [0]))[0].values).all()


def test_without_window_a_clip_is_judged_as_a_whole():
    examples = make_examples(9)
    system = SYSTEMS["cnn_lstm"].model_copy(update={"epochs": 1, "window_s": None})
    posteriors = system.predict(system.fit(examples, seed=0), examples)
    assert [len(each.start) for each in posteriors] == [1] * 9
    for each, sound in zip(posteriors, examples.inputs["vocals"], strict=True):
        assert each.end[0] == sound.duration

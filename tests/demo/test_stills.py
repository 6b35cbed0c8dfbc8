"""The demo's still faces: the table's layout, and that the face alone tells the emotion."""

from collections import Counter

import numpy as np
import pytest

from abaw_pipeline.demo.corpus import DemoCorpus, DemoStills, write_demo_corpus
from abaw_pipeline.demo.stills import CLASSES, draw_still, plan_stills
from abaw_pipeline.demo.styles import DEMO_EMOTIONS
from abaw_pipeline.demo.videos import plan_videos


def test_the_table_is_laid_out_as_fer2013(tmp_path):
    settings = DemoCorpus(videos=None, stills=DemoStills(count=70, people=5))
    record = write_demo_corpus(tmp_path, settings)
    header, *rows = (tmp_path / "stills.csv").read_text().splitlines()
    assert record.stills == str(tmp_path / "stills.csv")
    assert header == "emotion,pixels,Usage"
    cells = [row.split(",") for row in rows]
    assert Counter(usage for _, _, usage in cells) == {"Training": 56, "PublicTest": 14}
    assert Counter(emotion for emotion, _, _ in cells) == {str(number): 10 for number in range(7)}
    for _, pixels, _ in cells:
        values = np.array(pixels.split(" "), dtype=int)
        assert len(values) == 48 * 48
        assert 0 <= values.min() < values.max() <= 255
        assert values.std() > 5
    again = tmp_path / "again"
    write_demo_corpus(again, settings)
    assert (again / "stills.csv").read_bytes() == (tmp_path / "stills.csv").read_bytes()


def test_classes_are_in_fer2013s_order():
    assert CLASSES == ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    assert set(CLASSES) == set(DEMO_EMOTIONS)


def test_people_are_on_one_side_show_all_classes_and_are_not_those_of_the_videos():
    stills = plan_stills(2020, 1400, 100)
    people = {usage: {s.person.voice.name for s in stills if s.usage == usage} for usage in ("Training", "PublicTest")}
    assert (len(people["Training"]), len(people["PublicTest"])) == (80, 20)
    assert not people["Training"] & people["PublicTest"]
    shown = Counter((still.person.voice.name, still.emotion) for still in stills)
    assert set(shown.values()) == {2}
    assert len(shown) == 700
    filmed = {role.person.voice.name for video in plan_videos(2020, 99, 1, 1) for role in video.roles}
    assert not filmed & (people["Training"] | people["PublicTest"])


def gradients(pictures, cells=8, bins=8):
    """Histograms of the gradient's direction in cells, so that small shifts of a face matter little."""
    down, across = np.gradient(pictures.astype(float), axis=(1, 2))
    place = (np.arctan2(down, across) % (2 * np.pi)) / (2 * np.pi) * bins
    away = np.abs((place[..., None] - np.arange(bins) + bins / 2) % bins - bins / 2)
    weights = np.clip(1 - away, 0, 1) * np.hypot(down, across)[..., None]
    side = pictures.shape[1] // cells
    energy = weights.reshape(len(pictures), cells, side, cells, side, bins).mean(axis=(2, 4))
    energy /= np.sqrt((energy**2).sum(axis=3, keepdims=True).mean(axis=(1, 2), keepdims=True))
    return np.sqrt(energy).reshape(len(pictures), -1)


def drawn(count, people):
    stills = plan_stills(2020, count, people)
    pictures = np.stack([draw_still(still) for still in stills])
    classes = np.array([still.emotion for still in stills])
    return pictures, classes, np.array([still.usage == "Training" for still in stills])


def test_a_linear_classifier_sees_the_emotion_of_unknown_people_but_not_by_brightness():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    pictures, classes, train = drawn(560, 80)
    simple = np.stack([pictures.mean(axis=(1, 2)), pictures.std(axis=(1, 2))], axis=1)
    accuracy = {}
    for name, X in (("gradients", gradients(pictures)), ("brightness", simple)):
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3).fit(X[train], classes[train])
        accuracy[name] = model.score(X[~train], classes[~train])
    assert accuracy["gradients"] > 0.45
    assert accuracy["brightness"] < 0.27


@pytest.mark.long
def test_a_small_network_sees_the_emotion_of_most_unknown_people():
    import torch
    from torch import nn

    pictures, classes, train = drawn(1400, 100)
    X = torch.tensor(pictures, dtype=torch.float32)[:, None]
    X = (X - X.mean((1, 2, 3), keepdim=True)) / X.std((1, 2, 3), keepdim=True)
    y = torch.tensor([CLASSES.index(name) for name in classes])
    torch.manual_seed(0)
    blocks = [
        layer
        for a, b in ((1, 16), (16, 32), (32, 64))
        for layer in (nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2))
    ]
    net = nn.Sequential(*blocks, nn.Flatten(), nn.Dropout(0.4), nn.Linear(64 * 36, 7))
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=1e-2)
    known, epochs = torch.tensor(np.flatnonzero(train)), 20
    steps = epochs * -(-len(known) // 32)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=steps)
    for _ in range(epochs):
        for batch in known[torch.randperm(len(known))].split(32):
            seen = X[batch].flip(3) if torch.rand(1) < 0.5 else X[batch]
            loss = nn.functional.cross_entropy(net(seen), y[batch], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    net.eval()
    with torch.no_grad():
        right = (net(X[~torch.tensor(train)]).argmax(1) == y[~torch.tensor(train)]).float().mean()
    assert right > 0.75

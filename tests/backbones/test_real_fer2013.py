"""Some hundred real faces, from their files to embeddings."""

import tarfile
from collections import Counter

import numpy as np
import pytest

from abaw_pipeline.backbones import ResidualBackbone
from abaw_pipeline.backbones.embedding import open_backbone
from abaw_pipeline.backbones.training import train_backbone
from abaw_pipeline.corpora.image_folder import ImageFolder
from abaw_pipeline.corpora.stills import list_stills, refused_stills, still_recipes
from abaw_pipeline.training.stills import load_stills, middle

LEARNT = ("happiness", "surprise")
"""Easy to tell apart, so that a few hundred images are enough to see that something is learnt."""

TAKEN = {"happy": 300, "surprise": 300}
FEW = 5


@pytest.fixture(scope="module")
def stills(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fer2013")
    taken = Counter()
    with tarfile.open(real_data / "images" / "fer2013_train_validation.tar.xz") as archive:
        for member in archive:
            split, _, rest = member.name.removeprefix("./").partition("/")
            group = (split, rest.partition("/")[0])
            wanted = TAKEN.get(group[1], FEW) // (3 if split == "validation" else 1)
            if member.isfile() and taken[group] < wanted:
                taken[group] += 1
                archive.extract(member, folder, filter="data")
    listing, refused, _ = list_stills({"fer2013": ImageFolder(path=str(folder))})
    assert not len(refused)
    pieces = {key: recipe.compute() for key, recipe in still_recipes(listing).items()}
    assert not len(refused_stills(pieces))
    return list(pieces.values())


@pytest.mark.real
def test_real_faces_are_learnt(stills):
    loaded = load_stills(stills, LEARNT, 48)
    assert Counter(loaded.splits) == {"train": 600, "validation": 200}
    assert loaded.left_out == dict.fromkeys(["anger", "disgust", "fear", "neutral", "sadness"], FEW + FEW // 3)
    settings = ResidualBackbone.model_validate(
        {
            **{"stills": ["fer2013"], "width": 12, "depth": 1, "epochs": 8, "batch_size": 32, "standardize": "image"},
            **{"optimizer": "adamw", "learning_rate": 0.006, "mixup": 0, "average": 0.95, "precision": "float32"},
        }
    )
    fitted = train_backbone(settings, stills, LEARNT, 0)
    assert fitted.card["validation"]["uar"] > 0.62  # measured: 0.745 of 200
    embeddings, _ = open_backbone(fitted)(middle(loaded.images, settings.size))
    assert np.isfinite(embeddings).all()
    assert (embeddings.std(axis=0) > 0).mean() > 0.9

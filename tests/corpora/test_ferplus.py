import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from abaw_pipeline.corpora.fer2013 import Fer2013
from abaw_pipeline.corpora.ferplus import CHOICES, EMOTIONS, Ballot, read_ballots
from abaw_pipeline.corpora.image_folder import ImageFolder
from abaw_pipeline.corpora.stills import list_stills
from abaw_pipeline.errors import CorpusError

HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
PIXELS = " ".join(["0"] * 2304)


def votes(number=0, usage="Training", image=None, **counts):
    """A row of fer2013new.csv, without votes but for those that are named."""
    name = f"fer{number:07d}.png" if image is None else image
    return f"{usage},{name},{','.join(str(counts.get(choice, 0)) for choice in CHOICES)}"


def table(tmp_path, *rows, newline="\n", start=""):
    path = tmp_path / "fer2013new.csv"
    path.write_bytes((start + newline.join([HEADER, *rows]) + newline).encode())
    return str(path)


def csv_corpus(tmp_path, images, ballots, **fields):
    """FER2013's csv with (emotion, Usage) a row, and votes on it."""
    path = tmp_path / "fer2013.csv"
    rows = [f"{emotion},{PIXELS},{usage}" for emotion, usage in images]
    path.write_text("\n".join(["emotion,pixels,Usage", *rows]) + "\n")
    return Fer2013(path=str(path), votes=table(tmp_path, *ballots), **fields)


def folder_corpus(tmp_path, images, ballots, **fields):
    for image in images:
        (tmp_path / "faces" / image).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (48, 48)).save(tmp_path / "faces" / image)
    return ImageFolder(path=str(tmp_path / "faces"), votes=table(tmp_path, *ballots), **fields)


def ballot(**counts):
    return Ballot("votes, row 2", "", "Training", {choice: counts.get(choice, 0) for choice in CHOICES})


@pytest.mark.parametrize(
    ("counts", "least", "verdict"),
    [
        ({"fear": 10}, 0, "fear"),
        ({"fear": 4, "anger": 3, "unknown": 3}, 0, "fear"),
        ({"fear": 4, "anger": 3, "unknown": 3}, 0.4, "fear"),
        ({"fear": 4, "anger": 3, "unknown": 3}, 0.5, "agreement below 50%"),
        ({"fear": 7, "anger": 3}, 0.7, "fear"),
        ({"fear": 5, "anger": 5}, 0, "tied"),
        ({"fear": 4, "unknown": 4, "nf": 2}, 0, "tied"),
        ({"unknown": 4, "fear": 3, "anger": 3}, 0, "unknown"),
        ({"nf": 10}, 0, "no face"),
        ({"nf": 3, "fear": 2}, 1, "no face"),
        ({"contempt": 9}, 1, "contempt"),
    ],
)
def test_the_choice_of_most_raters(counts, least, verdict):
    assert ballot(**counts).verdict(least) == verdict


@given(st.lists(st.integers(0, 10), min_size=10, max_size=10).filter(any), st.floats(0, 1))
def test_an_emotion_has_more_votes_than_any_other_choice_and_the_share(counts, least):
    cast = dict(zip(CHOICES, counts, strict=True))
    verdict = ballot(**cast).verdict(least)
    if verdict in EMOTIONS:
        assert all(cast[verdict] > count for choice, count in cast.items() if choice != verdict)
        assert cast[verdict] >= least * sum(counts)


def test_votes_label_the_rows_of_fer2013(tmp_path):
    images = [
        (3, "Training"),
        (3, "Training"),
        (0, "Training"),
        (6, "PublicTest"),
        (6, "PrivateTest"),
        (2, "PrivateTest"),
    ]
    ballots = [
        votes(0, happiness=10),
        votes(1, contempt=8, happiness=2),
        votes(image="", nf=10),
        votes(2, "PublicTest", neutral=5, sadness=5),
        votes(3, "PrivateTest", unknown=6, fear=4),
        votes(4, "PrivateTest", neutral=4, fear=3, anger=3),
    ]
    corpus = csv_corpus(tmp_path, images, ballots, min_agreement=0.5)
    listing, refused, notes = list_stills({"fer": corpus})
    assert not len(refused)
    assert listing[["image_id", "label"]].to_numpy().tolist() == [
        ["fer/Training_0", "happiness"],
        ["fer/Training_1", "contempt"],
    ]
    assert notes == [
        "fer: votes leave out 4 of 6 images: tied 1, unknown 1, no face 1, agreement below 50% 1",
        "fer: votes say what the corpus says of 1 of 2 images",
    ]


def test_without_votes_nothing_changes(tmp_path):
    voted = csv_corpus(tmp_path, [(3, "Training"), (0, "PublicTest")], [])
    found = Fer2013(path=voted.path).entries("fer")
    assert ([image.label for image in found.images], found.notes) == (["happiness", "anger"], [])


@pytest.mark.parametrize(
    ("ballots", "problem"),
    [
        ([votes(0, fear=9)], "2 images, but fer2013new.csv has votes on 1"),
        ([votes(0, fear=9), votes(1, fear=9), votes(2, fear=9)], "2 images, but fer2013new.csv has votes on 3"),
        ([votes(0, fear=9), votes(1, fear=9)], "row 1 is of PublicTest, but fer2013new.csv, row 3, is of Training"),
    ],
)
def test_votes_on_other_rows_are_no_votes(tmp_path, ballots, problem):
    with pytest.raises(CorpusError, match=problem):
        csv_corpus(tmp_path, [(3, "Training"), (0, "PublicTest")], ballots).entries("fer")


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (votes(1, fear="x"), "votes for fear are 'x'"),
        (votes(1, fear=-1), "votes for fear are '-1'"),
        (votes(1, fear="2.5"), "votes for fear are '2.5'"),
        (votes(1, fear="1e400"), "votes for fear are '1e400'"),
        (votes(1, fear=""), "votes for fear are ''"),
        (votes(1), "nobody has voted"),
        (votes(1, "Train", fear=9), "Usage is 'Train'"),
        ("Training,fer0000001.png,1", "the row has 3 fields"),
    ],
)
def test_damaged_votes_refuse_their_image_and_the_rest_goes_on(tmp_path, bad, problem):
    images = [(3, "Training"), ("x", "Training"), (6, "Training"), (2, "Training")]
    rows = [votes(0, happiness=10), votes(9, anger=10), bad, votes(2, fear="10.0")]
    found = csv_corpus(tmp_path, images, rows).entries("fer")
    assert [(image.image_id, image.label) for image in found.images] == [
        ("fer/Training_0", "happiness"),
        ("fer/Training_3", "fear"),
    ]
    assert [row.key for row in found.failures] == ["fer/row 1", "fer/row 2"]
    assert problem in found.failures[1].message
    assert found.failures[1].message.startswith("fer2013new.csv, row 4")


def test_no_image_with_a_label_is_an_error_that_says_why(tmp_path):
    corpus = csv_corpus(tmp_path, [(3, "Training")], [votes(0, nf=10)])
    with pytest.raises(CorpusError, match=r"no row can be used.*no face 1"):
        corpus.entries("fer")
    folder = folder_corpus(tmp_path, ["FER2013Train/fer0000000.png"], [votes(0, nf=10)])
    with pytest.raises(CorpusError, match=r"no image has a label.*no face 1"):
        folder.entries("fer")


def test_folders_as_ferplus_writes_them(tmp_path):
    images = ["FER2013Train/fer0000000.png", "FER2013Valid/fer0000001.png", "FER2013Test/fer0000002.png"]
    ballots = [
        votes(0, fear=10),
        votes(image="", nf=10),
        votes(1, "PublicTest", contempt=7, neutral=3),
        votes(2, "PrivateTest", neutral=5, sadness=5),
    ]
    corpus = folder_corpus(tmp_path, images, ballots)
    (tmp_path / "faces" / "FER2013Train" / "label.csv").write_text("x")
    listing, refused, notes = list_stills({"fer": corpus})
    assert not len(refused)
    assert listing[["image_id", "split", "label"]].to_numpy().tolist() == [
        ["fer/FER2013Train/fer0000000.png", "train", "fear"],
        ["fer/FER2013Valid/fer0000001.png", "validation", "contempt"],
    ]
    assert notes == [
        "fer: 1 files are no JPEG or PNG and were left out: FER2013Train/label.csv",
        "fer: votes leave out 1 of 3 images: tied 1",
    ]


def test_names_link_folders_of_classes(tmp_path):
    images = ["train/happy/FER0000000.JPG", "train/odd/fer0000001.png", "train/happy/x.png", "test/sad/fer0000002.png"]
    corpus = folder_corpus(tmp_path, images, [votes(n, fear=10) for n in range(2)] + [votes(2, happiness=9)])
    found = corpus.entries("fer")
    assert {image.image_id: image.label for image in found.images} == {
        "fer/train/happy/FER0000000.JPG": "fear",
        "fer/train/odd/fer0000001.png": "fear",
        "fer/test/sad/fer0000002.png": "happiness",
    }
    assert [row.key for row in found.failures] == ["fer/train/happy/x.png"]
    assert "no row of the votes bears its name" in found.failures[0].message
    assert found.notes == [
        "1 images lie in another split than the votes' Usage says",
        "votes say what the corpus says of 0 of 2 images",
    ]


def test_a_name_of_two_rows_counts_if_they_agree(tmp_path):
    ballots = [votes(0, fear=9), votes(0, fear=9), votes(1, anger=9), votes(1, nf=10)]
    images = ["FER2013Train/fer0000000.png", "FER2013Train/fer0000001.png"]
    found = folder_corpus(tmp_path, images, ballots).entries("fer")
    assert [image.label for image in found.images] == ["fear"]
    assert "fer2013new.csv, row 4, fer2013new.csv, row 5 bear its name and differ" in found.failures[0].message


def test_folders_whose_names_are_others_are_told(tmp_path):
    corpus = folder_corpus(tmp_path, ["train/happy/Training_10118481.jpg"], [votes(0, fear=9)])
    with pytest.raises(CorpusError, match=r"none of 1 images bears a name of fer2013new.csv: Training_10118481.jpg"):
        corpus.entries("fer")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_other_spellings_of_the_table(tmp_path, newline, start):
    path = table(tmp_path, votes(0, fear=9), votes(image="", nf=10), newline=newline, start=start)
    text = (tmp_path / "fer2013new.csv").read_text(encoding="utf-8")
    (tmp_path / "other.csv").write_text(text.replace(",", ";"), encoding="utf-8", newline="")
    for each in (path, str(tmp_path / "other.csv")):
        assert [b.verdict(0) for b in read_ballots(tmp_path / each)] == ["fear", "no face"]


@pytest.mark.parametrize("fields", [{"min_agreement": 0.5}, {"votes": "x", "min_agreement": 1.1}])
@pytest.mark.parametrize("kind", [Fer2013, ImageFolder])
def test_parameters_that_cannot_be_meant(kind, fields):
    with pytest.raises(ValidationError):
        kind(path="x", **fields)


def test_tables_that_are_no_votes(tmp_path):
    with pytest.raises(CorpusError, match="cannot be read"):
        read_ballots(tmp_path / "none.csv")
    (tmp_path / "none.csv").write_text("Usage,Image name,neutral\nTraining,a,1\n")
    with pytest.raises(CorpusError, match="no column happiness"):
        read_ballots(tmp_path / "none.csv")


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_give_ballots_or_a_corpus_error(tmp_path_factory, content, headed):
    path = tmp_path_factory.mktemp("votes") / "fer2013new.csv"
    path.write_bytes((HEADER.encode() + b"\n" if headed else b"") + content)
    try:
        for each in read_ballots(path):
            each.verdict(0.5)
    except CorpusError:
        return


cells = st.sampled_from(["Training", "PublicTest", "fer0000000.png", "", "0", "3", "10", "-1", "1.5", "x", "é"])


@given(st.lists(st.lists(cells, min_size=1, max_size=13).filter(any), max_size=6))
def test_each_image_has_a_label_or_a_reason(tmp_path_factory, rows):
    """Whatever the votes: images that they leave out are counted, and damaged votes are rows among the failures."""
    root = tmp_path_factory.mktemp("votes")
    good = votes(usage="Training", fear=10)
    corpus = csv_corpus(root, [(0, "Training")] * (1 + len(rows)), [good, *map(",".join, rows)])
    try:
        found = corpus.entries("fer")
    except CorpusError as error:
        assert "is of Training, but" in str(error)  # a row of another split: the tables do not belong together
        return
    counted = [re.match(r"votes leave out (\d+) of", note) for note in found.notes]
    left_out = sum(int(match[1]) for match in counted if match)
    assert len(found.images) + len(found.failures) + left_out == 1 + len(rows)


@pytest.fixture
def real_votes(real_data):
    return real_data / "annotations" / "ferplus" / "fer2013new.csv"


@pytest.mark.real
def test_real_votes_have_fer2013s_rows(real_votes):
    ballots = read_ballots(real_votes)
    assert [each.usage for each in ballots] == ["Training"] * 28709 + ["PublicTest"] * 3589 + ["PrivateTest"] * 3589
    assert not any(each.problem for each in ballots)
    assert Counter(sum(each.votes.values()) for each in ballots) == {10: 35886, 9: 1}
    # Names are no numbers of rows, and images without a face have none.
    assert sum(not each.image for each in ballots) == 173
    assert re.fullmatch(r"fer0035801\.png", ballots[35886].image)


@pytest.mark.real
@pytest.mark.parametrize(
    ("least", "counts", "left_out"),
    [
        (
            0,
            [11773, 9199, 4240, 4222, 3025, 228, 813, 212],
            "2175 of 35887 images: tied 1776, unknown 222, no face 177",
        ),
        (
            0.5,
            [11011, 9066, 3950, 3770, 2606, 145, 648, 142],
            "4549 of 35887 images: tied 1776, unknown 222, no face 177, agreement below 50% 2374",
        ),
    ],
)
def test_real_votes_by_agreement(real_votes, tmp_path, least, counts, left_out):
    usages = [each.usage for each in read_ballots(real_votes)]
    path = tmp_path / "fer2013.csv"
    path.write_text("emotion,pixels,Usage\n" + "".join(f"3,0,{usage}\n" for usage in usages))
    found = Fer2013(path=str(path), votes=str(real_votes), min_agreement=least).entries("fer")
    assert Counter(image.label for image in found.images) == dict(zip(EMOTIONS, counts, strict=True))
    assert left_out in found.notes[0]
    assert not found.failures


@pytest.mark.real
def test_real_names_link_folders(real_votes, tmp_path):
    folders = {"Training": "FER2013Train", "PublicTest": "FER2013Valid", "PrivateTest": "FER2013Test"}
    for folder in folders.values():
        (tmp_path / folder).mkdir()
    for each in read_ballots(real_votes):
        if each.image:
            (tmp_path / folders[each.usage] / each.image).touch()
    found = ImageFolder(path=str(tmp_path), votes=str(real_votes)).entries("fer")
    # Four names are there twice: three times with the same votes, once with others.
    assert [row.key for row in found.failures] == ["fer/FER2013Test/fer0033120.png"]
    assert len(found.images) == 33708
    assert found.notes == ["votes leave out 2001 of 35709 images: tied 1776, unknown 222, no face 3"]

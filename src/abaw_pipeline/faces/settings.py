"""What a study sets about faces."""

from __future__ import annotations

from pydantic import Field

from abaw_pipeline.faces import Detector, Identity
from abaw_pipeline.faces.cropped import Cropped
from abaw_pipeline.faces.crops import Crops
from abaw_pipeline.faces.cuts import ShotCuts
from abaw_pipeline.faces.identity import DlibIdentity
from abaw_pipeline.faces.mtcnn import MTCNN
from abaw_pipeline.faces.persons import MainPerson, OwnCrops, PersonRule
from abaw_pipeline.faces.tracking import ContinuityTracker, Tracker
from abaw_pipeline.parts import Part


class Faces(Part):
    """How faces are found, told apart, cut out, and which person a clip is about."""

    detector: Detector = MTCNN()
    identity: Identity = DlibIdentity()
    tracker: Tracker = ContinuityTracker()
    cuts: ShotCuts = ShotCuts()
    crops: Crops = Crops()
    fps: float = Field(5.0, gt=0, le=1000, description="pictures looked at a second (Hz)")
    max_gap_s: float = Field(
        1.0, ge=0, le=10, description="within a shot, a face that was gone for at most this long (s) is interpolated"
    )
    nearest_s: float | None = Field(
        None, ge=0, description="a frame without a face takes the crop that is nearest, up to this far (s); null: any"
    )
    person: PersonRule = MainPerson()
    cropped: Cropped | None = Field(None, description="crops that come with the corpus; with them nothing is detected")

    @property
    def rule(self) -> PersonRule | OwnCrops:
        """Who says whom a clip is about: ready-made crops say so themselves."""
        return OwnCrops() if self.cropped is not None else self.person

    def finding(self) -> Faces:
        """What finding depends on: the same with the choice of a person as by default.

        Recipes that find faces take this, so that another choice does not find them again.
        """
        return self.model_copy(update={"nearest_s": None, "person": MainPerson(), "cropped": None})

"""Where and how pieces are computed: processes, threads a process, and what a failure does."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from abaw_pipeline.parts import Part
from abaw_pipeline.threads import cores


class Execution(Part):
    """How pieces are computed; none of it changes what a piece is."""

    workers: Literal["auto"] | Annotated[int, Field(ge=1)] = Field("auto", description="processes; auto: one a core")
    device: str = Field("cpu", description="where networks run: cpu, cuda, or auto for a GPU where there is one")
    scratch: str = Field("data/.scratch", min_length=1, description="folder where long training leaves its state")
    on_error: Literal["record", "raise"] = Field("record", description="record a failed key, or stop the run")
    reread: bool = Field(False, description="read every file again, whatever its time stamps say of it")
    scheduler: str = Field("", description="a cluster's, as tcp://host:port or a scheduler file; empty: this machine")
    worker_wait_s: float = Field(120.0, gt=0, description="seconds without any of the cluster's workers, then an error")

    @model_validator(mode="after")
    def _device_is_the_workers(self) -> Execution:
        if self.scheduler and self.device == "auto":
            raise ValueError("device: auto asks this machine, not the scheduler's workers; say cpu or cuda")
        return self

    @property
    def place(self) -> str:
        """The device itself: what `auto` stands for on this machine."""
        if self.device != "auto":
            return self.device
        import torch

        return "cuda" if torch.cuda.is_available() else "cpu"

    def processes(self, tasks: int) -> int:
        """Processes to use for a number of tasks, at least 1."""
        wanted = cores() if self.workers == "auto" else self.workers
        return max(1, min(wanted, tasks))

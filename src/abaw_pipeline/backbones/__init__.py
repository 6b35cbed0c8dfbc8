"""Backbones: networks on single faces, trained on still images, that give face embeddings."""

from __future__ import annotations

from abaw_pipeline.backbones.settings import BackboneEmbedding, ResidualBackbone

__all__ = ["BackboneEmbedding", "ResidualBackbone"]

"""Emotion recognition from video and sound in the wild, as one declarative Kedro project."""

__version__ = "0.1.0"

"""Emotion recognition from video and sound in the wild, as one declarative Kedro project."""

import os

__version__ = "0.1.0"

# ONNX Runtime's packages for Linux and macOS report each process to its makers unless they are told before it is
# imported; one name is that of its releases so far, the other the one that its developers have gone over to.
for _switch in ("ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED"):
    os.environ[_switch] = "1"

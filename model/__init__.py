"""The science of Numeral: image → array → digit, training, evaluation, versions. Never imports `app`.

Numeral calls nobody and leaves no files about. Variables that keep its libraries from it are set here, before any of
them is imported; what this process starts inherits them.
"""

import os
from pathlib import Path

# ONNX Runtime would write ~/.cache/Microsoft and report to its maker (Privacy.md in its package).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# torch makes the folder for what it compiles even where nothing is compiled; one that is there already is not made.
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(Path(__file__).resolve().parent))

"""The science of Numeral: image → array → digit, training, evaluation, versions. Never imports `app`.

Numeral calls nobody and leaves no files about. Libraries are told so here, which comes before any of them is imported,
and what this process starts is told with its environment.
"""

import os
from pathlib import Path

# ONNX Runtime would write ~/.cache/Microsoft and report to its maker (Privacy.md in its package).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# torch makes the folder for what it compiles even where nothing is compiled; one that is there already is not made.
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(Path(__file__).resolve().parent))

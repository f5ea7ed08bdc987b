"""The science of Numeral: image → array → digit, training, evaluation, versions. Never imports `app`.

Numeral makes no network calls of its own accord, and writes no files outside its folders. Some of its libraries would.
The environment variables below stop them. They are set before any of these libraries is imported, and child processes
inherit them.
"""

import os
from pathlib import Path

# ONNX Runtime would write ~/.cache/Microsoft and send telemetry to its maker (Privacy.md in its package).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# torch creates a cache folder for compiled code, even if it compiles nothing. This folder exists, so it creates none.
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(Path(__file__).resolve().parent))

"""What can go wrong in `model`, each with a message of one clear line for the person at the terminal.

ModelError
├── DataError      training data is missing, short, damaged or unusable
├── StoreError     a version can't be published, found, read or activated
│   ├── NoVersion      there is no such version, or none at all
│   ├── DamagedVersion the version's files are not what its manifest says
│   └── VersionTaken   the version number was published by somebody else meanwhile
└── ExportError    the ONNX graph does not agree with the network
"""

INTERRUPTED = 130  # the exit status of a command that Ctrl-C ended, as shells have it


class ModelError(Exception):
    """Root of the tree; its text is one line that says what to do."""


class DataError(ModelError):
    """Training data is missing, short, damaged or unusable."""


class StoreError(ModelError):
    """A version can't be published, found, read or activated."""


class NoVersion(StoreError):
    """There is no such version, or none at all."""


class DamagedVersion(StoreError):
    """A version's files are not what its manifest says."""


class VersionTaken(StoreError):
    """The version number was published by somebody else meanwhile."""


class ExportError(ModelError):
    """The ONNX graph does not agree with the network."""

"""The errors of `model`; each has a message of one line for the person at the terminal.

ModelError
├── DataError              training data is missing, short, damaged or unusable
│   └── MirrorsUnreachable no mirror gave the complete, undamaged file of MNIST
├── StoreError             a version can't be published, found, read or activated
│   ├── NoVersion          there is no such version, or none at all
│   ├── DamagedVersion     the version's files do not match its manifest
│   ├── VersionTaken       another version has this number
│   └── CurrentChanged     the current version is no longer the one that the candidate was compared with
├── UnusableWeights        a file of weights can't be read, or they are no weights of this network
├── NotAligned             a text does not fit the ink on a page
├── ExportError            the ONNX graph does not agree with the network
└── Diverged               the loss of a training became infinite or not a number
"""

INTERRUPTED = 130  # exit status of a command that Ctrl-C ended: 128 + SIGINT, the convention of shells


class ModelError(Exception):
    """Root of the tree; its text is one line that says what is wrong."""


class DataError(ModelError):
    """Training data is missing, short, damaged or unusable."""


class MirrorsUnreachable(DataError):
    """No mirror gave the complete, undamaged file of MNIST."""


class StoreError(ModelError):
    """A version can't be published, found, read or activated."""


class NoVersion(StoreError):
    """There is no such version, or none at all."""


class DamagedVersion(StoreError):
    """The version's files do not match its manifest."""


class VersionTaken(StoreError):
    """Another version has this number."""


class CurrentChanged(StoreError):
    """The current version is no longer the one that the candidate was compared with."""


class UnusableWeights(ModelError):
    """A file of weights can't be read, or they are no weights of this network."""


class NotAligned(ModelError):
    """A text is no number, or it does not fit the ink on the page."""


class ExportError(ModelError):
    """The ONNX graph does not agree with the network."""


class Diverged(ModelError):
    """The loss of a training became infinite or not a number; nothing was published."""

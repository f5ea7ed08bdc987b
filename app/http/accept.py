"""What a client accepts: the values of Accept and Accept-Encoding, with their weights."""

from __future__ import annotations


def weights_of(accepted: str) -> dict[str, float]:
    """The weight of each value of an Accept header (RFC 9110, 12.4.2), in lower case: 0 refuses it, a missing one is 1.

    Other parameters are ignored. A value whose weight is no number is left out.
    """
    weights = {}
    for item in accepted.lower().split(","):
        value, *parameters = item.split(";")
        pairs = (parameter.partition("=") for parameter in parameters)
        try:
            given = [float(number) for name, _, number in pairs if name.strip() == "q"]
        except ValueError:
            continue
        weights[value.strip()] = given[0] if given else 1.0
    return weights

"""What `CONTRACT.md` promises to clients and operators, as data: `python -m tests.promises` writes `promises.json`.

Run it when something is added, so that it is kept from then on. `tests/test_promises.py` fails if something is
missing. Write the file anew before a new major version, which may drop what it likes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.cli.main import COMMANDS
from app.main import create_app
from app.routes.problems import catalogue
from app.settings import PROTOCOLS, Settings

FILE = Path(__file__).parent / "promises.json"
Schema = dict[str, Any]


def promises() -> dict[str, list[str]]:
    """Everything that may not vanish within a major version, each as a line of text."""
    document = create_app(Settings(protocols=PROTOCOLS)).openapi()
    operations = [
        (f"{method.upper()} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    schemas = document["components"]["schemas"]
    return {
        "operations": sorted(line for name, each in operations for line in lines_of(name, each)),
        "fields": sorted(line for name, schema in schemas.items() for line in fields_of(name, schema)),
        "problems": sorted(f"/problems/{slug} {kind.status}" for slug, kind in catalogue().items()),
        "settings": sorted(Settings.variables()),
        "commands": sorted(COMMANDS),
    }


def lines_of(name: str, operation: Schema) -> Iterator[str]:
    """The operation's id, parameters, media types of its body, and its answers that are no errors."""
    yield f"{name} is {operation['operationId']}"
    for parameter in operation.get("parameters", ()):
        if "name" in parameter:
            yield f"{name} takes {parameter['in']} {parameter['name']}"
    for kind in operation.get("requestBody", {}).get("content", {}):
        yield f"{name} takes {kind}"
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            for kind, content in answer.get("content", {"nothing": {}}).items():
                yield f"{name} answers {status} {kind} {kind_of(content.get('schema', {}))}".strip()


def fields_of(name: str, schema: Schema) -> Iterator[str]:
    """The fields of a schema with their types, the values of an enumeration, and whether a field may be missing."""
    required = schema.get("required", ())
    is_sent = name.endswith("Request")
    for field, inner in schema.get("properties", {}).items():
        yield f"{name}.{field} is {kind_of(inner)}"
        yield from (f"{name}.{field} can be {value}" for value in values_of(inner))
        if is_sent and field not in required:
            yield f"{name}.{field} may be left out"
        elif not is_sent and field in required:
            yield f"{name}.{field} is always there"


def values_of(schema: Schema) -> list[str]:
    """The values of an enumeration, also of one beside null."""
    return [*schema.get("enum", ()), *(value for each in schema.get("anyOf", ()) for value in each.get("enum", ()))]


def kind_of(schema: Schema) -> str:
    """A schema's type in short: `string`, `integer[]`, `Sample`, `string|null`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return "|".join(map(kind_of, schema["anyOf"]))
    if schema.get("type") == "array":
        return f"{kind_of(schema.get('items', schema.get('prefixItems', [{}])[0]))}[]"
    return str(schema.get("format", schema.get("type", "")))


if __name__ == "__main__":
    FILE.write_text(json.dumps(promises(), indent=1) + "\n")

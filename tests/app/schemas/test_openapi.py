"""/openapi.json documents every route, and errors as they are sent."""

from __future__ import annotations

from tests.server import Server


def test_the_reference_documents_every_route(server: Server) -> None:
    assert "swagger" in server.client.get("/docs").text
    paths = server.client.get("/openapi.json").json()["paths"]
    assert {"/predict", "/predict/batch", "/samples", "/admin/retrain", "/admin/jobs/{job_id}/events"} <= paths.keys()
    for path in ("/predict", "/read"):
        body = paths[path]["post"]["requestBody"]["content"]
        assert {"application/octet-stream", "multipart/form-data", "application/json"} <= body.keys()


def test_the_reference_documents_errors_as_they_are_sent(server: Server) -> None:
    document = server.client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert "errors" in schemas["ProblemDetail"]["properties"] and "HTTPValidationError" not in schemas
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetail"}}}
    plain = {"application/json": {"schema": {"$ref": "#/components/schemas/InferenceError"}}}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            responses, security = operation["responses"], operation.get("security")
            told_by_health = {"503"} if path.endswith(("z", "/ready")) else set()
            errors = {status for status in responses if status >= "4"} - told_by_health
            sent = plain if path.startswith("/v2") else problem
            assert "default" in errors and all(responses[status]["content"] == sent for status in errors), path
            if path.split("/")[1] in ("predict", "read"):
                assert {"401", "408"} <= errors and security == [{"PredictKey": []}, {}]
            if path.startswith(("/samples", "/admin")):
                assert {"401", "403"} <= errors and security[0] == {"AdminKey": []}
            assert "404" in errors or not ("{" in path or path.split("/")[1] in ("predict", "read")), path

"""The models of requests and responses, the parsing of JSON bodies, and the OpenAPI document."""

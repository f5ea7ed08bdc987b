"""Thin routers, one a resource: parse, call one function, return."""

"""The routers, one for each resource. A route parses the request, calls one function and returns its result."""

"""The commands of the service: serve, and those on a running one."""

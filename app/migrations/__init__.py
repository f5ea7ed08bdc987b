"""Alembic migrations of the schema in `app.tables`."""

"""Alembic migrations of the schema in `app.database.tables`."""

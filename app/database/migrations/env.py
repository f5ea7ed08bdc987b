"""Alembic's entry point: run the migrations on the engine that `migrate.py` passes."""

from alembic import context

from app.database.tables import metadata

engine = context.config.attributes["engine"]
with engine.begin() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()

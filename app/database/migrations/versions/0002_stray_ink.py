"""Add `samples.stray`: the share of the page's ink that lay beside the digit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column. It is null for samples stored before."""
    op.add_column("samples", sa.Column("stray", sa.Float))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("samples") as table:
        table.drop_column("stray")

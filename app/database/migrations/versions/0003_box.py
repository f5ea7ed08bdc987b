"""Add `samples.box`: the digit's place in the picture as it was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column. It is null for samples stored before."""
    op.add_column("samples", sa.Column("box", sa.JSON))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("samples") as table:
        table.drop_column("box")

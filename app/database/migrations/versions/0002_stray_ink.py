"""How much ink lay beside each sample's digit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; of samples stored before it is not known."""
    op.add_column("samples", sa.Column("stray", sa.Float))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("samples") as table:
        table.drop_column("stray")

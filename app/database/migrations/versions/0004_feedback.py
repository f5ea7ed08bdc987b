"""Pictures kept by request id, and versions that judge live pictures in the shadow."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "kept",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("request_id", sa.String(128), nullable=False, index=True),
        sa.Column("item", sa.Integer),
        sa.Column("path", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("accepted", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("shadow_version", sa.Integer),
        sa.Column("shadow_text", sa.Text),
        sa.Column("shadow_confidence", sa.Float),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("taught", sa.Boolean, nullable=False),
        sa.Column("kept_at", sa.Float, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("picture", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_kept_rank_number", "kept", ["rank", "number"])
    op.create_index("ix_kept_number_size", "kept", ["number", "size"])
    op.create_index("ix_kept_kept_at", "kept", ["kept_at"])
    op.create_table(
        "shadows",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("share", sa.Float, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        sa.Column("ended_why", sa.Text),
        sa.Column("judged", sa.Integer, nullable=False),
        sa.Column("agreed", sa.Integer, nullable=False),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.Column("accepted_live", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("shadows")
    op.drop_table("kept")

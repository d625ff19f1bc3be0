"""Let an account hold several roles and be found by single sign-on; make keys of the API"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)

revision = "0013"
down_revision = "0012"

_accounts = sa.table(
    "staff_accounts",
    sa.column("commune_id", sa.BigInteger()),
    sa.column("id", sa.BigInteger()),
    sa.column("role", sa.String()),
    sa.column("roles", JSON),
    sa.column("is_active", sa.Boolean()),
)


def upgrade() -> None:
    empty = {"nullable": False, "server_default": sa.text("'[]'")}
    with op.batch_alter_table("staff_accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("roles", JSON, **empty))
        batch_op.add_column(sa.Column("district_communes", JSON, **empty))
        batch_op.add_column(sa.Column("sso_email", sa.String(length=254), nullable=True))
        batch_op.add_column(sa.Column("sso_subject", sa.String(length=255), nullable=True))
    # An administrator could do all that staff can: taking that away is for people to decide.
    op.execute(_accounts.update().where(_accounts.c.role == "admin").values(roles=["admin", "staff"]))
    op.execute(_accounts.update().where(_accounts.c.role == "staff").values(roles=["staff"]))
    with op.batch_alter_table("staff_accounts", schema=None) as batch_op:
        batch_op.drop_column("role")
    op.create_table(
        "api_keys",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("origins", JSON, nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["commune_id"], ["communes.id"], name="fk_api_keys_commune"),
        sa.PrimaryKeyConstraint("commune_id", "id"),
    )
    op.create_index("ix_api_keys_token", "api_keys", ["token_hash"])
    op.create_table(
        "api_calls",
        sa.Column("commune_id", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id", "key_id"],
            ["api_keys.commune_id", "api_keys.id"],
            name="fk_api_calls_key",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("commune_id", "key_id", "day", "scope"),
    )


def downgrade() -> None:
    op.drop_table("api_calls")
    op.drop_index("ix_api_keys_token", "api_keys")
    op.drop_table("api_keys")
    with op.batch_alter_table("staff_accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role", sa.String(length=20), nullable=False, server_default="staff"))
    # The older program shows everything to whoever has an account: who is not staff is locked out.
    for commune_id, account_id, roles in _roles():
        this = _accounts.update().where(_accounts.c.commune_id == commune_id, _accounts.c.id == account_id)
        op.execute(this.values(role="admin" if "admin" in roles else "staff"))
        if "staff" not in roles:
            op.execute(this.values(is_active=False))
    with op.batch_alter_table("staff_accounts", schema=None) as batch_op:
        for name in ("sso_subject", "sso_email", "district_communes", "roles"):
            batch_op.drop_column(name)


def _roles() -> list[tuple[int, int, list[str]]]:
    rows = op.get_bind().execute(sa.select(_accounts.c.commune_id, _accounts.c.id, _accounts.c.roles))
    return [(row[0], row[1], row[2]) for row in rows]

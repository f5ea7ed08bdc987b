"""SQLite or PostgreSQL: connections, tables, migrations, recovery."""

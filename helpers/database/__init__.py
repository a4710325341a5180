"""SQLite and PostgreSQL behind one interface, and features in PostgreSQL; for notebooks and for the service."""

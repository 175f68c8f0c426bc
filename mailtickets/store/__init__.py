"""The ledger: what came in, what was decided, what goes out. Nothing is true before it is committed here."""

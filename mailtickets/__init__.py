"""mailtickets: a ticket desk that works by mail."""

__version__ = "0.1.0"

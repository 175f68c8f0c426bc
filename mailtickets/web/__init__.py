"""The window: pages and an API that only show. The law: nothing here writes, and all seeing goes through `access.sight`."""

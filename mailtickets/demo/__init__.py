"""The whole desk on a mail server of its own, playing a conversation: see it work before there is anything to set up."""

from mailtickets.demo.run import app

__all__ = ["app"]

"""The service, and the window process that it starts."""

from __future__ import annotations

import os
import sys

from mailtickets.cli.options import IN_THE_WAY, NOT_THERE, ConfigFile, end, now, settings, unusable


def run(config: ConfigFile = None) -> None:
    """Be the desk: watch the inboxes, answer, send, serve the page. SIGTERM ends it."""
    found = settings(config, with_secrets=True)
    from mailtickets import daemon, log
    from mailtickets.config import ConfigError, hidden
    from mailtickets.store import engine, lock
    from mailtickets.templates import TemplateError

    if trouble := unusable(found.state_dir):
        end(IN_THE_WAY, trouble)
    log.setup(found.log_format, hidden(found))
    try:
        daemon.run(found)
    except (ConfigError, TemplateError, engine.WrongRevision, lock.Held) as error:
        end(IN_THE_WAY, str(error))
    except engine.Away as error:
        end(NOT_THERE, str(error))
    except Exception as error:
        # The last line before systemd starts it anew; nobody but us would say it in the log's own form.
        log.crashed(error)
        sys.exit(NOT_THERE)


def window(config: ConfigFile = None) -> None:
    """The page, in a process of its own. The daemon starts it."""
    os.nice(5)  # mail goes first: a page that is a little later loses nobody anything
    found = settings(config)
    from mailtickets import log
    from mailtickets.config import hidden
    from mailtickets.control.caller import SocketClerk
    from mailtickets.control.questions import socket_path
    from mailtickets.web import serve

    log.setup(found.log_format, hidden(found))
    try:
        serve.main(found, SocketClerk(socket_path(found.state_dir)), now)
    except OSError as error:
        end(
            NOT_THERE,
            f"The page cannot listen on {found.web.listen} ({error.strerror}). Change [web] listen.",
        )

"""`python -m mailtickets` is the command `mailtickets`."""

from mailtickets.cli import main

if __name__ == "__main__":
    main()

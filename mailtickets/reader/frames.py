"""What the desk and its children say to each other: frames of octets, each with its length before it."""

from __future__ import annotations

import struct
from typing import Final, TypeAlias

from mailtickets.core.mail import InboundMail, Unreadable

CPU_SECONDS: Final = 20  # that a child may compute for one letter
MEMORY: Final = 512 * 2**20  # octets of its address space
LENGTH: Final = struct.Struct("!I")
READY: Final = b"ready"  # a child's first frame

Answer: TypeAlias = InboundMail | Unreadable  # pickled, in each further one

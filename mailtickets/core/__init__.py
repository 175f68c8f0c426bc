"""The pure desk: functions from values to values. No await, socket, file, clock, random or log."""

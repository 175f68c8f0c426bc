"""Letters are opened in child processes: `pool` here, `child` there."""

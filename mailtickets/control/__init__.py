"""What the command line and the sign-in page may ask of the daemon, over a unix socket of mode 0600.

The same `Clerk` works three ways: in the daemon (`clerk`), through its socket (`caller`, `door`), and, with no
daemon up, in the command line itself under the daemon's lock (`way`).
"""

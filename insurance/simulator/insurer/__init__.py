"""The simulated insurer: the centre behind the national interface, as one process with its books in memory."""

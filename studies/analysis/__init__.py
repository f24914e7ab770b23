"""From answers as arrays to rankings with intervals: pure functions, no framework, no import at package load."""

"""Numeric workhorses that several methods share: optimisation, transport, linear systems."""

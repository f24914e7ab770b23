"""Losses on feature maps: small callables that know no method."""

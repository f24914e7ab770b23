"""MAKE: images in, stylized images out, by every method, with provenance."""

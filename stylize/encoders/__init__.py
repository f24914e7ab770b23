"""Encoders: pictures to ordered, named feature maps."""

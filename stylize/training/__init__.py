"""The loops that make a method's weights; the network itself is in the method's file."""

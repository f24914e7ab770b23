"""Objective measures of a finished picture, stored with its rendering."""

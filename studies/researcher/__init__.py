"""Dashboard and report of a study, for the researcher whose it is."""

"""From data to what is read: result object, plots, tables, page."""

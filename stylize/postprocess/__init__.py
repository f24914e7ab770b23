"""What may follow any method: smoothing and colour, chosen in a recipe and run by rendering."""

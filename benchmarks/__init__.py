"""What we claim about speed and size, as runnable scripts; each prints a Markdown table row by row."""

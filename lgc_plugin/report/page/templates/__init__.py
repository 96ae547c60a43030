"""Template, style sheet and scripts of the page."""

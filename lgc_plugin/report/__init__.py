"""What a run leaves for people: tables, prediction files, figures, numbers."""

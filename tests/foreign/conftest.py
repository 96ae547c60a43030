# A recipe of its own: run by test_foreign_recipe.py, not collected.
collect_ignore_glob = ["vad_*.py", "frozen_*.py"]

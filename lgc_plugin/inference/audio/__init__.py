"""Any recording as mono samples of the rate that a model knows."""

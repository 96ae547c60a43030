"""Front end, network, mean teacher and class prototypes."""

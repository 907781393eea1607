"""Rules about actions and the order in which a flow has them."""

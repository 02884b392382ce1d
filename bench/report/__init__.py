"""A run's numbers, and the page that shows them."""

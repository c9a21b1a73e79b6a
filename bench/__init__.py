"""What the product reaches, measured as ratios in one run. Each module has a `run()` that prints."""

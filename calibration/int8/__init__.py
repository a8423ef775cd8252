"""INT8 calibration: activation histograms, mixed precision by sensitivity, and metrics of the result."""

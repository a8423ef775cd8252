"""INT8 calibration of detectors and pose models on recorded clips."""

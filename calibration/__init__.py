"""The camera (intrinsics, distortion) and, later, INT8 calibration."""

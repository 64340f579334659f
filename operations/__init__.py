"""What operators see of the system: metrics, readiness, the doctor. Reads everything and changes nothing."""

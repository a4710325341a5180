"""What a photo's file reports: when, where, by which camera."""

"""Test modules share their builders: `from tests.networks import ...`."""

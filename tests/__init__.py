"""Test modules share their builders: `from tests.support.networks import ...`."""

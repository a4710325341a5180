"""Turi Create's settings are taken, and change nothing."""

import pytest

from helpers.sframe import config


def test_settings_change_nothing():
    assert config.set_num_gpus(1) is None and config.set_num_gpus(-1) is None and config.get_num_gpus() == 0
    assert config.set_runtime_config("TURI_CACHE_FILE_LOCATIONS", "cache") is None and config.get_runtime_config() == {}
    assert config.set_log_level("DEBUG") is None and config.init_logger() is None
    assert config.get_environment_config() == {} and config.get_client_log_location() == ""


@pytest.mark.parametrize("number", ["two", None, -2, 1.5])
def test_a_number_of_gpus_that_is_none(number):
    with pytest.raises(ValueError, match="num_gpus is a whole number"):
        config.set_num_gpus(number)

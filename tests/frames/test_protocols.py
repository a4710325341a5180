import inspect

import pytest

from helpers.frames import Column, Frame, SArray, SFrame


@pytest.mark.parametrize(("protocol", "kind"), [(Frame, SFrame), (Column, SArray)])
def test_the_frames_of_this_python_have_what_the_protocols_promise(protocol, kind):
    source = inspect.getsource(protocol)
    promised = {name for name in vars(protocol) if f"def {name}(" in source}
    assert len(promised) >= 5
    assert not {name for name in promised if not hasattr(kind, name)}

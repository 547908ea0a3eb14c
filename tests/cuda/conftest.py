"""A device for every test that wants one: the fake driver in place of NVIDIA's."""

from collections.abc import Iterator

import pytest

from tests.cuda.fake_cublas import FakeCublas
from tests.cuda.fake_driver import FakeDriver
from vtrace.backends.cuda import code, cublas, device, driver


def forget() -> None:
    """Nothing of a driver, its devices and their functions is remembered."""
    driver.driver.cache_clear()
    device.known_gpu.cache_clear()
    device.count.cache_clear()
    cublas.library.cache_clear()
    code.LOADED.clear()


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    """The fake driver, in use."""
    fake = FakeDriver()
    monkeypatch.setattr(driver, "load_library", lambda: fake)
    monkeypatch.setattr(cublas, "load_library", lambda: FakeCublas(fake))
    forget()
    yield fake
    fake.finish()
    forget()
    assert not fake.contexts, "the device that was current before is current again"

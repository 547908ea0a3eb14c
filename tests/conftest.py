"""Settings all tests share: a hypothesis profile, a cache of their own, the option that rewrites the golden files."""

import os
import tempfile

import hypothesis
import pytest

# `ci` draws the same examples on every run, so that a failure is a failure of the change under test;
# HYPOTHESIS_PROFILE=explore draws new ones, many more.
hypothesis.settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=50,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "explore", parent=hypothesis.settings.get_profile("ci"), derandomize=False, max_examples=2000
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_configure(config: pytest.Config) -> None:
    """Tests neither read nor fill the user's cache of machine code; workers of one run share a folder."""
    if not hasattr(config, "workerinput"):  # a worker inherits the variable
        folder = tempfile.TemporaryDirectory(prefix="vtrace-tests-", ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        os.environ["VTRACE_CACHE_DIR"] = folder.name


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected output of the .vt files")

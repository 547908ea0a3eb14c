"""Settings all tests share: one hypothesis profile, and the option that rewrites the golden files."""

import os

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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected output of the .vt files")

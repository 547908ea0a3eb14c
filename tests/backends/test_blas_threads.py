"""The number of threads of a BLAS, which is set while LAPACK runs on ours."""

import pytest

from vtrace.backends import lapack


def test_the_number_of_threads_is_set_back() -> None:
    blas = lapack._limit()
    if not blas.works:
        pytest.skip("this BLAS cannot be told how many threads to use")
    assert blas._get is not None
    before = blas._get()
    with blas.one_thread():
        with blas.one_thread():
            assert blas._get() == 1
        assert blas._get() == 1
    assert blas._get() == before


def test_scipys_blas_is_limited_too_once_it_is_there() -> None:
    pytest.importorskip("scipy.linalg")
    with lapack.one_thread():
        scipys = lapack._scipy_limit()
        if not scipys.works:
            pytest.skip("this BLAS cannot be told how many threads to use")
        assert scipys._get is not None
        assert scipys._get() == 1

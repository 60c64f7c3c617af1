"""Files are replaced as a whole: writers that fail or are killed lose nothing."""

import os
import stat

import numpy as np
import pytest

from skl_sparse_ae import SparseAutoencoder, interchange
from skl_sparse_ae._replacing import replacing
from skl_sparse_ae.report._report import HTMLReport

WRITERS = {
    "safetensors": (interchange.save_safetensors, interchange.load_safetensors),
    "saelens": (interchange.save_saelens, interchange.load_saelens),
    "dictionary_learning": (
        interchange.save_dictionary_learning,
        interchange.load_dictionary_learning,
    ),
}


@pytest.fixture(scope="module")
def estimators(digits):
    return [
        SparseAutoencoder(8, penalty="l1", max_iter=50, random_state=seed).fit(digits)
        for seed in (0, 1)
    ]


@pytest.fixture(params=WRITERS)
def writer(request):
    if request.param == "dictionary_learning":
        pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    return WRITERS[request.param]


def die_at(monkeypatch, name, n):
    """Interrupt the n-th call of a function of `os`."""
    original, n_left = getattr(os, name), n

    def function(*args, **kwargs):
        nonlocal n_left
        n_left -= 1
        if n_left == 0:
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    monkeypatch.setattr(os, name, function)


@pytest.mark.parametrize("name", ["fsync", "replace"])
@pytest.mark.parametrize("n", [1, 2])
def test_a_killed_writer_leaves_no_mixture(
    name, n, writer, estimators, tmp_path, digits
):
    save, load = writer
    old, new = estimators
    save(old, tmp_path / "model")
    with pytest.MonkeyPatch.context() as patch:
        die_at(patch, name, n)
        try:
            save(new, tmp_path / "model")
            expected = new  # there is no n-th call
        except KeyboardInterrupt:
            expected = old
    if name == "replace" and n == 2 and expected is old:
        with pytest.raises(ValueError, match="is not the file that was written with"):
            load(tmp_path / "model")
    else:
        code = load(tmp_path / "model").transform(digits)
        np.testing.assert_array_equal(code, expected.transform(digits))
    save(new, tmp_path / "model")
    code = load(tmp_path / "model").transform(digits)
    np.testing.assert_array_equal(code, new.transform(digits))
    assert not list(tmp_path.rglob("*.part"))


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "page.html"
    HTMLReport("old", "<p>old</p>").save(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", disk_full)
        with pytest.raises(OSError, match="No space left"):
            HTMLReport("new", "<p>new</p>").save(path)
    assert path.read_text() == "<p>old</p>"
    assert os.listdir(tmp_path) == ["page.html"]


def disk_full(*args):
    raise OSError(28, "No space left on device")


def test_files_of_two_models_are_told_apart(writer, estimators, tmp_path):
    save, load = writer
    if save is interchange.save_safetensors:
        pytest.skip("writes one file")
    for name, estimator in zip("ab", estimators, strict=True):
        save(estimator, tmp_path / name)
    weights = next(p.name for p in (tmp_path / "a").iterdir() if p.suffix != ".json")
    os.replace(tmp_path / "a" / weights, tmp_path / "b" / weights)
    with pytest.raises(ValueError, match="is not the file that was written with"):
        load(tmp_path / "b")


def test_links_and_permissions_are_kept(tmp_path):
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    with replacing(link) as (new,):
        new.write_text("new")
        assert path.read_text() == "old"
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_new_files_have_the_permissions_that_others_have(writer, estimators, tmp_path):
    save, _ = writer
    (tmp_path / "other").write_text("")
    expected = (tmp_path / "other").stat().st_mode
    save(estimators[0], tmp_path / "new")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 1
    assert {path.stat().st_mode for path in files} == {expected}


def test_what_is_no_file_is_written_to_as_it_is():
    with replacing(os.devnull) as (new,):
        new.write_text("anything")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        HTMLReport("t", "").save(tmp_path / "missing" / "page.html")

"""Oracles: Python's own pickle for honest files, side effects that must not happen for others."""

import collections
import pickle

import numpy as np
import pytest

from sfsign_jax.conversion.unpickling import read_object_array, read_pickle
from sfsign_jax.errors import UserError

# As Python 2 wrote {"blobs": {"w": np.array([1, 2], np.float32)}}: byte strings throughout.
PYTHON_2 = (
    b"\x80\x02}U\x05blobs}U\x01wcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
    b"K\x00\x85U\x01b\x87R(K\x01K\x02\x85cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R"
    b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x08"
    + np.array([1, 2], "<f4").tobytes()
    + b"tbss."
)


class Calls:
    """Pickled, it calls a function on loading."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_arrays_and_containers(tmp_path, protocol):
    content = {
        "blobs": collections.OrderedDict(w=np.arange(6, dtype=np.float32).reshape(2, 3)),
        "more": [1, 2.5, "ü", b"\xff\x00", (None, True), {3}],
    }
    (tmp_path / "file.pkl").write_bytes(pickle.dumps(content, protocol))
    if protocol < 4:
        content["more"].pop()  # older protocols write a set as a call of builtins.set
        (tmp_path / "file.pkl").write_bytes(pickle.dumps(content, protocol))
    read = read_pickle(tmp_path / "file.pkl")
    np.testing.assert_array_equal(read["blobs"].pop("w"), content["blobs"].pop("w"))
    assert read == content


NUMBERS = [np.float64(0.1), np.float32(-2.5), np.int64(-(2**60)), np.uint8(7), np.bool_(1)]


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("core", ["numpy.core", "numpy._core"])
def test_numpys_scalars_become_numbers(tmp_path, protocol, core):
    text = pickle.dumps(NUMBERS, protocol)
    if core == "numpy.core":  # as NumPy 1 called it
        old, new = b"numpy._core", b"numpy.core"
        if protocol >= 4:  # the length before it, and of the frame around it
            old, new = b"\x16numpy._core", b"\x15numpy.core"
            text = text[:3] + (len(text) - 12).to_bytes(8, "little") + text[11:]
        assert text.count(old) == 1
        text = text.replace(old, new)
    (tmp_path / "file.pkl").write_bytes(text)
    read = read_pickle(tmp_path / "file.pkl")
    assert read == [number.item() for number in NUMBERS]
    assert [type(number) for number in read] == [float, float, int, int, bool]


def test_arrays_of_protocol_5(tmp_path):
    content = {
        "c": np.arange(6, dtype=np.float32).reshape(2, 3),
        "f": np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3)),
        "empty": np.zeros((0, 3)),
    }
    (tmp_path / "file.pkl").write_bytes(pickle.dumps(content, 5))
    read = read_pickle(tmp_path / "file.pkl")
    for name, array in content.items():
        np.testing.assert_array_equal(read[name], array)


def test_a_number_of_an_object_is_not_set_aside_for(tmp_path):
    """Unpicklers in C take 16 bytes for each number below it: 64 gigabytes here."""
    (tmp_path / "file.pkl").write_bytes(b"\x80\x02]r\xff\xff\xff\xff.")
    assert read_pickle(tmp_path / "file.pkl") == []


def test_file_of_python_2(tmp_path):
    (tmp_path / "file.pkl").write_bytes(PYTHON_2)
    np.testing.assert_array_equal(read_pickle(tmp_path / "file.pkl")["blobs"]["w"], [1, 2])


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("function", ["open", "eval", "import"])
def test_code_is_refused_and_does_not_run(tmp_path, function, protocol):
    effect = tmp_path / "ran"
    call = {
        "open": Calls(open, str(effect), "w"),
        "eval": Calls(eval, f"open({str(effect)!r}, 'w')"),
        "import": Calls(getattr, __import__("pathlib"), "Path"),
    }[function]
    if function == "import":
        call = Calls(__import__, "antigravity")
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps({"blobs": {"w": call}}, protocol))
    np.save(tmp_path / "evil.npy", {"GLOSS": call})
    for read, name in ((read_pickle, "evil.pkl"), (read_object_array, "evil.npy")):
        with pytest.raises(UserError, match=f"{name} can't be read .*asks to run"):
            read(tmp_path / name)
    assert not effect.exists()


def test_a_codec_is_no_way_in(tmp_path):
    (tmp_path / "file.pkl").write_bytes(
        b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R."
    )
    with pytest.raises(UserError, match="rot13"):
        read_pickle(tmp_path / "file.pkl")


@pytest.mark.parametrize("content", [b"", b"no pickle", PYTHON_2[:60], b"\x93NUMPY\x01\x00"])
def test_damaged_files(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    for read in (read_pickle, read_object_array):
        with pytest.raises(UserError, match="file can't be read"):
            read(tmp_path / "file")


def test_missing_file(tmp_path):
    for read in (read_pickle, read_object_array):
        with pytest.raises(UserError, match="missing can't be read: No such file"):
            read(tmp_path / "missing")


def test_numbers_are_no_dict(tmp_path):
    np.save(tmp_path / "file.npy", np.zeros(3))
    with pytest.raises(UserError, match="npy file of a dict"):
        read_object_array(tmp_path / "file.npy")


FORGED = {
    # An array of object pointers, the pointers in the file.
    "ndarray": b"cnumpy\nndarray\n()X\x01\x00\x00\x00OC\x08AAAAAAAA\x87R.",
    "object bytes": b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01)cnumpy\ndtype\n"
    b"X\x01\x00\x00\x00O\x85R\x89C\x08AAAAAAAAtb.",
    # A structured type that hides its object field, over plain bytes.
    "hidden object": b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01)cnumpy\ndtype\n"
    b"X\x02\x00\x00\x00V8\x85R\x89C\x08AAAAAAAAtb.",
    "fields": b"cnumpy\ndtype\nX\x02\x00\x00\x00f8\x85R"
    b"(K\x03X\x01\x00\x00\x00<NX\x01\x00\x00\x00f\x85}K\x08K\x01K\x00tb.",
    "scalar": b"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n"
    b"X\x01\x00\x00\x00O\x85RC\x08AAAAAAAA\x86R.",
    "short scalar": b"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n"
    b"X\x02\x00\x00\x00f8\x85RC\x04AAAA\x86R.",
    "scalar of a number": b"cnumpy.core.multiarray\nscalar\nK\x01C\x04AAAA\x86R.",
    "object buffer": b"cnumpy.core.numeric\n_frombuffer\n(C\x08AAAAAAAAcnumpy\ndtype\n"
    b"X\x01\x00\x00\x00O\x85RK\x01\x85X\x01\x00\x00\x00CtR.",
    "too few bytes": b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01K\x09\x85cnumpy\ndtype\n"
    b"X\x02\x00\x00\x00f8\x85R\x89C\x08AAAAAAAAtb.",
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_arrays_are_refused(tmp_path, name):
    (tmp_path / "file").write_bytes(b"\x80\x03" + FORGED[name])
    with pytest.raises(UserError, match="can't be read"):
        read_pickle(tmp_path / "file")

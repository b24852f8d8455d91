"""The user's own files: what each form gives, and what each kind of fault is called."""

import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unstuck.data import files
from unstuck.errors import CorruptData, DataError, DataNotFound

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (50, 4, 3), dtype=np.uint8)
Y = np.arange(50) % 5


def test_npz_in_four_parts(tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    np.savez(path, x_train=X[:40], y_train=Y[:40], x_test=X[40:], y_test=Y[40:])
    data = files.load(str(path))
    assert (data.name, data.feature_shape, data.classes) == ("mnist.npz", (4, 3), 5)
    assert (data.x_train.dtype, data.y_train.dtype) == (np.uint8, np.int32)
    np.testing.assert_array_equal(data.x_train, X[:40].reshape(40, 12))
    np.testing.assert_array_equal(data.y_test, Y[40:])


@pytest.mark.parametrize("form", ["npz", "npz, upper case, compressed", "npy"])
def test_one_piece_is_split_by_class(tmp_path: Path, form: str) -> None:
    if form == "npy":
        np.save(tmp_path / "a,b.npy", X)  # a comma in a name does not confuse the pair
        np.save(tmp_path / "y.npy", Y)
        name = f"{tmp_path / 'a,b.npy'},{tmp_path / 'y.npy'}"
    elif form == "npz":
        name = str(tmp_path / "d.npz")
        np.savez(name, x=X, y=Y, notes=np.array([{"never": "read"}], dtype=object))
    else:
        name = str(tmp_path / "d.NPZ")
        with open(name, "wb") as file:
            np.savez_compressed(file, X=X, Y=Y)
    data = files.load(name)
    assert (len(data.x_train), len(data.x_test), data.feature_shape) == (40, 10, (4, 3))
    np.testing.assert_array_equal(np.bincount(data.y_test), [2] * 5)
    rows = np.concatenate([data.x_train, data.x_test]).tolist()
    assert sorted(rows) == sorted(X.reshape(50, 12).tolist())
    assert files.load(name).fingerprint == data.fingerprint


TABLES = {
    "header, last column": ("a,b,c\n{rows}", "{x},{z},{y}"),
    "no header": ("{rows}", "{x},{z},{y}"),
    "header, column named label": ("label,a,b\n{rows}", "{y},{x},{z}"),
    "header, column named Target, quoted": ('"a","Target","b"\n{rows}', '{x},"{y}",{z}'),
    "numbers as names": ("0,1,y\n{rows}", "{x},{z},{y}"),
    "byte order mark, CRLF, blank last line": ("\ufeffa,b,y\r\n{rows}\r\n\r\n", "{x},{z},{y}"),
}
TARGETS = {
    "integers": (["3", "5", "3", "5"], 2),
    "words": (["cat", "dog", "cat", "dog"], 2),
    "truth values": (["True", "False", "True", "False"], 2),
    "numbers": (["3.0", "5.0", "3.0", "5.0"], None),
    "numbers, mixed": (["3", "5.5", "3", "5"], None),
    "huge integers": (["1" + "0" * 30, "5", "3", "5"], None),
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("target", TARGETS)
def test_csv(tmp_path: Path, table: str, target: str) -> None:
    text, row = TABLES[table]
    values, classes = TARGETS[target]
    lines = [row.format(x=i, z=f"{i / 8}", y=values[i % 4]) for i in range(20)]
    path = tmp_path / "t.csv"
    newline = "\r\n" if "\r" in text else "\n"
    path.write_text(text.format(rows=newline.join(lines)), encoding="utf-8", newline="")

    data = files.load(str(path))
    assert (data.classes, data.feature_shape) == (classes, (2,))
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    order = x[:, 0].astype(int)
    assert sorted(order) == list(range(20))
    np.testing.assert_array_equal(x[:, 1], order / 8)
    if classes is None:
        expected = np.array([[float(values[i % 4])] for i in order], np.float32)
    else:
        expected = np.array([sorted(set(values)).index(values[i % 4]) for i in order])
    np.testing.assert_array_equal(y, expected)


def test_a_label_may_be_called_as_its_column_is(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,y\n" + "1,y\n2,n\n" * 5)
    data = files.load(str(path))
    assert len(data.x_train) + len(data.x_test) == 10
    assert data.classes == 2


def csv(text: str) -> Callable[[Path], str]:
    return raw("t.csv", text.encode())


def raw(name: str, content: bytes) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        (folder / name).write_bytes(content)
        return str(folder / name)

    return write


def npz(**arrays: object) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        np.savez(folder / "t.npz", **arrays)  # type: ignore[arg-type]
        return str(folder / "t.npz")

    return write


def damaged(change: Callable[[bytearray], bytes]) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        path = Path(npz(x=X, y=Y)(folder))
        path.write_bytes(change(bytearray(path.read_bytes())))
        return str(path)

    return write


def flip(content: bytearray) -> bytes:
    content[300] ^= 255
    return bytes(content)


def pair(x: object, y: object) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        for name, content in (("x.npy", x), ("y.npy", y)):
            if isinstance(content, bytes):
                (folder / name).write_bytes(content)
            else:
                np.save(folder / name, np.asarray(content))
        return f"{folder / 'x.npy'},{folder / 'y.npy'}"

    return write


def header(shape: object, descr: str = "<f8") -> bytes:
    """An .npy file of this header, and 160 bytes."""
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(160)


def archive(bits: int = 0, method: int = 8, **files: bytes) -> Callable[[Path], str]:
    """An .npz file of these files, with flags and a method of compression that are made up."""

    def write(folder: Path) -> str:
        path = folder / "t.npz"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for name, content in files.items():
                made.writestr(f"{name}.npy", content)
        content = bytearray(path.read_bytes())
        for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            place = content.find(mark) + at
            content[place] |= bits
            content[place + 2] = method
        path.write_bytes(content)
        return str(path)

    return write


ROWS = "\n".join(f"{i / 8},{i % 3},{i % 2}" for i in range(40))
SPOILT = np.zeros((9, 2))
SPOILT[3, 1], SPOILT[5, 0] = np.nan, np.inf


def npy(array: np.ndarray) -> bytes:
    written = io.BytesIO()
    np.save(written, array)
    return written.getvalue()


def _archived(*contents: bytes) -> bytes:
    """An archive whose x and y, and x once more, are these."""
    written = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(written, "w") as archive:
        for name, content in zip(("x.npy", "y.npy", "x.npy"), contents, strict=False):
            archive.writestr(name, content)
    return written.getvalue()


FAULTS = {
    "no file": (lambda folder: str(folder / "t.csv"), DataNotFound, "no file .*t.csv"),
    "no file of a pair": (
        lambda folder: f"{folder / 'x.npy'},{folder / 'y.npy'}",
        DataNotFound,
        "no file .*x.npy",
    ),
    "a folder": (
        lambda folder: (folder / "t.npz").mkdir() or str(folder / "t.npz"),
        DataError,
        r"t\.npz is a folder(.|\n)*expected: a file(.|\n)*to do: ",
    ),
    "a folder, csv": (
        lambda folder: (folder / "t.csv").mkdir() or str(folder / "t.csv"),
        DataError,
        r"t\.csv is a folder(.|\n)*expected: a file(.|\n)*to do: ",
    ),
    "a link to itself": (
        lambda folder: (folder / "t.csv").symlink_to("t.csv") or str(folder / "t.csv"),
        DataError,
        r"cannot be read: .*links(.|\n)*expected: (.|\n)*to do: ",
    ),
    "not a zip": (raw("t.npz", b"hello"), CorruptData, "not a zip file"),
    "empty npz": (raw("t.npz", b""), CorruptData, "not a zip file"),
    "truncated": (damaged(lambda b: bytes(b[:-200])), CorruptData, "not a zip file"),
    "flipped byte": (damaged(flip), CorruptData, "CRC"),
    "not an npy": (pair(b"hello, world", Y), CorruptData, "magic string"),
    "truncated npy": (pair(b"\x93NUMPY", Y), CorruptData, "EOF"),
    "objects": (npz(x=np.array([{}, 1], object), y=Y), CorruptData, "Object arrays"),
    "objects, npy": (pair(X, np.array([{}, 1], object)), CorruptData, "Object arrays"),
    "other keys": (npz(images=X, labels=Y), DataError, "holds images, labels"),
    "three keys": (npz(x_train=X, y_train=Y, x_test=X), DataError, "x_train, y_train, x_test"),
    "lengths": (npz(x=X, y=Y[:9]), DataError, "50 examples and 9 targets"),
    "lengths of a part": (
        npz(x_train=X, y_train=Y, x_test=X[:3], y_test=Y[:2]),
        DataError,
        "3 test examples but 2 test targets",
    ),
    "widths": (
        npz(x_train=X, y_train=Y, x_test=X[:5, :2], y_test=Y[:5]),
        DataError,
        r"features of shape \(50, 12\) and \(5, 6\)",
    ),
    "no examples": (npz(x=X[:0], y=Y[:0]), DataError, r"shape \(0, 4, 3\)"),
    "one example": (npz(x=[[1.0]], y=[0.5]), DataError, "1 examples and 1 targets"),
    "a number": (npz(x=3.0, y=Y), DataError, r"shape \(\)"),
    "words as features": (npz(x=[["a"], ["b"]], y=[0, 1]), DataError, "dtype <U1"),
    "complex": (npz(x=np.ones((9, 2), complex), y=Y[:9]), DataError, "dtype complex128"),
    "NaN": (npz(x=SPOILT, y=Y[:9]), DataError, r"2 NaN or .* first at index \(3, 1\)"),
    "NaN targets": (npz(x=X, y=np.full(50, np.nan)), DataError, r"50 NaN .* index \(0, 0\)"),
    "huge targets": (npz(x=X, y=np.full(50, 1e300)), DataError, "as float32: 50 NaN or inf"),
    "cubic targets": (npz(x=X, y=X), DataError, r"shape \(50, 4, 3\)"),
    "dates as targets": (npz(x=X, y=Y.astype("M8[s]")), DataError, "dtype datetime64"),
    "text in columns": (npz(x=X, y=[["a", "b"]] * 50), DataError, "not in one column"),
    "text or numbers": (
        npz(x_train=X, y_train=Y, x_test=X[:2], y_test=["a", "b"]),
        DataError,
        "some targets are text",
    ),
    "one class": (npz(x=X, y=np.full(50, 7)), DataError, "of one class"),
    "one class, one-hot": (npz(x=X, y=[[0, 1]] * 50), DataError, "of one class"),
    "one class to train on": (
        npz(x_train=X, y_train=Y * 0, x_test=X, y_test=Y),
        DataError,
        "of one class",
    ),
    "empty csv": (csv(""), DataError, r"has 0 column\(s\)"),
    "semicolons": (csv("a;b;y\n1;2;3\n"), DataError, r"has 1 column\(s\)"),
    "header alone": (csv("a,b,y\n"), DataError, "a header but no rows"),
    "word among numbers": (csv("a,y\n1,0\n2,1\nred,0\n"), DataError, "line 4, column 1: 'red'"),
    "value missing": (csv("a,b,y\n1,,0\n"), DataError, "line 2, column 2: ''"),
    "NaN in csv": (csv("1,nan,0\n1,2,1\n"), DataError, "1 NaN or infinite"),
    "ragged": (csv("1,2,0\n1,2\n"), DataError, "line 2 has 2 columns, the first line has 3"),
    "ragged, too long": (csv("1,2,0\n1,2,3,4\n"), DataError, "line 2 has 4 columns"),
    "target missing": (csv("1,0\n2,\n3,NA\n"), DataError, "2 targets missing.*data row 2"),
    "label y, no header": (csv("1,y\n2,n\n3,y\n"), DataError, "'y' is also a label"),
    "less than no rows": (pair(header((-5, 4)), Y), CorruptData, "-5"),
    "less than nothing": (pair(header((-5, -4)), Y), CorruptData, "x.npy"),
    "298 GiB": (pair(header((10**10, 4)), Y), CorruptData, "298"),
    "more than can be counted": (pair(header((10**20, 4)), Y), CorruptData, "too large"),
    "true rows": (pair(header((True, 4)), Y), CorruptData, "integer"),
    "298 GiB in an archive": (archive(x=header((10**10, 4)), y=b""), CorruptData, "298"),
    "encrypted": (archive(1, x=header((5, 4)), y=b""), CorruptData, "encrypted"),
    "an unknown compression": (archive(0, 99, x=header((5, 4)), y=b""), CorruptData, "supported"),
    "another array": (npz(x=X, y=Y, mask=Y), DataError, "holds x, y and mask"),
    "an array beside four": (
        npz(x_train=X, y_train=Y, x_test=X, y_test=Y, weights=Y),
        DataError,
        "y_test and weights",
    ),
    "an array twice": (raw("t.npz", _archived(npy(X), npy(Y), npy(X))), DataError, "holds x more"),
    "a column twice": (csv("a,a,b,y\n1," + ROWS), DataError, "2 columns called a"),
    "a target twice": (csv("a,y,Y\n" + ROWS), DataError, "2 columns called y"),
    "x and X": (npz(x=X, X=X * 2, y=Y), DataError, "holds both x and X"),
    "x and x_train": (npz(x=X, x_train=X, y=Y), DataError, "holds x, y and x_train"),
    "all of them": (
        npz(x=X, y=Y, x_train=X, y_train=Y, x_test=X, y_test=Y),
        DataError,
        "y_test, x and y",
    ),
    "swapped": (npz(x=Y, y=X.reshape(50, 12) / 2), DataError, "swapped"),
    "beyond float32": (npz(x=X * 1e300, y=Y), DataError, "NaN or infinite"),
    "a class for each": (npz(x=X, y=np.arange(50)), DataError, "50 different labels in 50 ex"),
    "a word among targets": (npz(x=X, y=["1"] * 49 + ["one"]), DataError, "'one' among targets"),
    "numbers as names": (csv("0,1,2\n" + ROWS), DataError, "counts from 0 to 2, as a header"),
    "years as names": (csv("2001,2002,2003\n" + ROWS), DataError, "counts from 2001 to 2003"),
    "numbers with points as names": (
        csv("0.0,1.0,2.0\n0.5,3.0,1.0\n" + ROWS),
        DataError,
        "counts from 0.0 to 2.0, as a header",
    ),
    "two targets": (csv("a,label,y\n" + ROWS), DataError, "columns called label and y"),
    "a name of many digits": (
        csv(",".join(["9" * 5_000] * 3) + "\n1,2,a\n2,3,b\n"),
        DataError,
        "a",
    ),
    "a huge row": (csv("1,0\n2,1\n" + "1" * 200_000 + "\n"), DataError, "field limit"),
    "a header that ends early": (
        raw("t.npz", _archived(*[b"\x93NUMPY\x01\x00\x04\x00(((("] * 2)),
        CorruptData,
        "t.npz",
    ),
    "a huge field": (csv("a,y\n" + "1" * 200_000 + ",0\n1,1\n"), CorruptData, "field limit"),
    "not text": (raw("t.csv", bytes(range(256))), CorruptData, "utf-8"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(tmp_path: Path, fault: str) -> None:
    write, kind, said = FAULTS[fault]
    name = write(tmp_path)
    with pytest.raises(DataError, match=said) as raised:
        files.load(name)
    assert raised.type is kind


@pytest.mark.parametrize(("text", "said"), [
    ("0\n0.1\n0.2\n", ""),
    ("0,1\n0.1,0.995\n", ""),
    ("0\n1\n1\n", ""),
    ("0.0\n0.5\n1.0\n", ""),
    ("0.5\n1.5\n", ""),
    ("0.0,1.0,2.0\n0.5,1.5,2.5\n", "counts from 0.0 to 2.0"),
    ("0.0,1.0,2.0\n2.0,1.0,0.0\n", ""),
    ("0,1,2\n2,1,0\n", ""),
    ("3,4\n0.5,1.5\n", ""),
    ("1,2,3\n", ""),
])  # fmt: skip
def test_a_first_line_of_numbers_in_a_file_of_its_own(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    if not said:
        assert len(files.array(path, "x")) == len(text.split())
        return
    with pytest.raises(DataError, match=said):
        files.array(path, "x")


def test_an_array_of_two_names_is_not_chosen(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, x=X, x_train=X * 2, y=Y)
    with pytest.raises(DataError, match="both x and x_train"):
        files.array(path, "x")
    assert len(files.array(path, "y")) == len(Y)


@pytest.mark.parametrize(("kind", "said"), [
    ("folder.npy", "is a folder"), ("folder.csv", "is a folder"), ("link.npy", "cannot be read"),
    ("twice.csv", "2 columns called a"), ("twice.npz", "holds x more than once"),
])  # fmt: skip
def test_a_file_of_its_own_that_is_none_or_two_is_refused(
    tmp_path: Path, kind: str, said: str
) -> None:
    path = tmp_path / kind
    if kind.startswith("folder"):
        path.mkdir()
    elif kind.startswith("link"):
        path.symlink_to(kind)
    elif kind.endswith("csv"):
        path.write_text("a,a\n1,2\n")
    else:
        path.write_bytes(_archived(npy(X), npy(Y), npy(X)))
    with pytest.raises(DataError, match=rf"{said}(.|\n)*expected: (.|\n)*to do: "):
        files.array(path, "x")


@pytest.mark.parametrize(
    ("name", "count"),
    [("a.npz", 1), ("A.CSV", 1), ("x.npy,y.npy", 2), ("x.npy", 0), ("digits", 0), ("", 0)],
)
def test_names_stand_for_files(name: str, count: int) -> None:
    assert len(files.parts(name)) == count


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    """A pickled object that would create a file when unpickled does not."""
    witness = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return open, (str(witness), "w")

    np.savez(tmp_path / "t.npz", x=np.array([Trap()], object), y=Y)
    with pytest.raises(CorruptData):
        files.load(str(tmp_path / "t.npz"))
    assert not witness.exists()

"""Data files, well-formed and not: what is read is what stands there, or a refusal that explains."""

import csv
import io
import struct
import sys
import tempfile
import traceback
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from unstuck.data.dataset import Dataset
from unstuck.data.files import array
from unstuck.data.sources import DataRef
from unstuck.errors import UnstuckError

from .attempt import Outcome, traced

FIELDS = (
    "0", "1", "2", "-3", "0.5", "1e5", "1e400", "-1e-400", "nan", "NaN", "inf", "-inf", "", " ",
    " 3 ", "3 4", "cat", "dog", "Katze", "ß", "猫", "x" * 300, "1_000", "0x10", "１", "1,5", "1.5.2",
    "'1'", '"', '""', "a\nb", "\t", "#", "# 1", "y", "label", "target", "True", "null", "NA", "?",
    "1" + "0" * 40, "9" * 400, "9" * 5_000, "\x00", "\x1b[31m", "=1+1", "2026-01-01", "--", "+1", "1j",
)  # fmt: skip
USUAL = st.one_of(
    st.integers(-9, 300).map(str), st.floats(-1e6, 1e6, allow_nan=False).map("{:.4g}".format)
)
DTYPES = (
    "f4", "f8", "i8", "u1", "i4", "f2", "?", "c8", "S3", "U4", "O", "M8[s]", "m8[s]", "g", "G", "i1",
    ">f4", ">i8", "V4", [("a", "f4"), ("b", "i8")], "u8", "i2",
)  # fmt: skip
SHAPES = (
    (20, 3), (20,), (), (0,), (20, 0), (0, 3), (1,), (2,), (20, 1), (20, 2, 2), (1, 1, 1, 1), (3, 20),
    (20, 1, 1), (2, 2), (5, 4),
)  # fmt: skip
NAMES = (
    "x", "y", "X", "Y", "x_train", "y_train", "x_test", "y_test", "X_train", "a", "", "x.y", "../x",
    "data", "arr_0", "labels", "ｘ", "x_val",
)  # fmt: skip
ENDINGS = ("csv", "npy", "npz", "CSV", "tsv", "txt", "dat", "", "pkl", "npy.npz", "json")


class _Evil:
    """Runs code where it is unpickled."""

    def __reduce__(self):
        return exec, ("import sys; sys.unpickled = True",)


@dataclass(frozen=True)
class File:
    """A file to read, and what stands in it where that is known.

    Args:
        way: "x", "y" (one array of it) or "data" (a data set).
        truth: (rows, columns) numbers that a table is made of; None where nothing is known.
    """

    name: str
    content: bytes
    way: str
    truth: tuple[tuple[float, ...], ...] | None = None

    @property
    def text(self) -> str:
        """A program that writes and reads it."""
        name = f"{self.name},{self.name}" if self.name.endswith(".npy") else self.name
        read = f'DataRef("{name}").load()'
        if self.way != "data":
            read = f'array(Path("{self.name}"), "{self.way}")'
        return (
            "from pathlib import Path\n\nfrom unstuck.data.files import array\n"
            "from unstuck.data.sources import DataRef\n\n"
            f"Path({self.name!r}).write_bytes({self.content!r})\nprint({read})\n"
        )

    def tried(self) -> Outcome:
        """Read twice, in this process."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, self.name)
            path.write_bytes(self.content)
            first, again = self._read(path), self._read(path)
            if hasattr(sys, "unpickled"):
                del sys.unpickled
                return Outcome("accepted", "code of a data file was run")
            if first.broken:
                return first
            if first != again:
                return Outcome("accepted", "two readings differ", f"{first.seen}\n{again.seen}")
            if path.read_bytes() != self.content:
                return Outcome(first.said, "the file was changed")
        return first

    def _read(self, path: Path) -> Outcome:
        try:
            with np.errstate(all="ignore"):
                name = f"{path},{path}" if path.suffix == ".npy" else str(path)
                found = DataRef(name).load() if self.way == "data" else array(path, self.way)
                told = found.fingerprint if isinstance(found, Dataset) else found.tobytes().hex()
        except UnstuckError as error:
            told = str(error)
            if len(told.splitlines()) > 12 or len(told) > 2_000:
                return Outcome("refused", "a refusal beyond one screen", told[:3_000])
            if "\x1b" in told or "\0" in told:
                return Outcome("refused", "a refusal with control characters", repr(told))
            if self.truth is not None and self.way != "data":
                return Outcome("refused", "a plain table was refused", told)
            return Outcome("refused", seen=told)
        except (Exception, SystemExit):
            text = traceback.format_exc()
            return Outcome("accepted", traced(text), text)
        if self.truth is not None and not isinstance(found, Dataset):
            wanted = np.array(self.truth, dtype=np.float64)
            got = np.asarray(found, dtype=np.float64).reshape(len(found), -1)
            if got.shape != wanted.shape or not np.array_equal(got, wanted):
                return Outcome("accepted", "other numbers than stand there", f"{got}\n{wanted}")
        return Outcome("accepted", seen=told)


@st.composite
def tables(draw) -> tuple[bytes, tuple[tuple[float, ...], ...] | None]:
    """A table as text, nearly right or right."""
    width, height = draw(st.integers(1, 4)), draw(st.integers(0, 12))
    rows = [[draw(USUAL) for _ in range(width)] for _ in range(height)]
    header = draw(st.booleans())
    damage = draw(st.sampled_from(["none", "none", "field", "field", "row", "text", "bytes"]))
    truth = tuple(tuple(map(float, row)) for row in rows) if damage == "none" and height else None
    if damage == "field" and rows:
        for _ in range(draw(st.integers(1, 3))):
            row = rows[draw(st.integers(0, height - 1))]
            row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(FIELDS))
    if damage == "row" and rows:
        i = draw(st.integers(0, height - 1))
        rows[i] = draw(st.sampled_from([rows[i][:-1], [*rows[i], "1"], [], [""], rows[i] * 9]))
    if header:
        names = draw(st.sampled_from([("a", "b", "c", "y"), ("label", "a", "b", "c")]))
        if damage == "field" and draw(st.booleans()):
            names = tuple(draw(st.sampled_from(FIELDS)) for _ in names)
        rows.insert(0, list(names[:width]))
    written = io.StringIO()
    dialect = {"lineterminator": draw(st.sampled_from(["\n", "\r\n"]))}
    if damage == "text":
        dialect["delimiter"] = draw(st.sampled_from([";", "\t", " ", "|", ",", "0", "."]))
        dialect["lineterminator"] = draw(
            st.sampled_from(["\r", "\n\n", "\n \n", "", ",\n", "\x0b"])
        )
    writer = csv.writer(written, **dialect)
    for row in rows:
        writer.writerow(row)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig"]))
    if damage == "text":
        encoding = draw(st.sampled_from(["utf-8", "utf-16", "latin-1", "utf-32-be", "utf-7"]))
    content = written.getvalue().encode(encoding, "replace")
    if damage == "bytes":
        content = draw(damaged(content))
    if damage == "field" and draw(st.integers(0, 30)) == 0:
        content += b'"' + b"7" * 140_000 + b'"\n'  # beyond what csv reads as one field
    return content, truth


@st.composite
def damaged(draw, content: bytes) -> bytes:
    """Cut, overwritten, doubled or with something put in."""
    if not content:
        return draw(st.binary(max_size=40))
    at = draw(st.integers(0, len(content) - 1))
    how = draw(st.sampled_from(["cut", "behead", "write", "insert", "double", "only"]))
    some = draw(st.one_of(st.binary(min_size=1, max_size=8), st.just(b"\xff" * 8), st.just(b"\0")))
    return {
        "cut": content[:at],
        "behead": content[at:],
        "write": content[:at] + some + content[at + len(some) :],
        "insert": content[:at] + some + content[at:],
        "double": content + content,
        "only": some,
    }[how]


@st.composite
def arrays(draw) -> np.ndarray:
    """Of a dtype and shape, some with values that are not finite."""
    dtype, shape = np.dtype(draw(st.sampled_from(DTYPES))), draw(st.sampled_from(SHAPES))
    n = int(np.prod(shape))
    if dtype.hasobject:
        made = np.empty(shape, dtype)
        made.fill(draw(st.sampled_from([1, "a", None, _Evil()])))
        return made
    raw = np.arange(n * dtype.itemsize, dtype=np.uint8) % draw(st.sampled_from([2, 7, 251]))
    if dtype.kind == "U":
        return np.array(draw(st.sampled_from([["a", "b"], ["1", "ß"]])))[np.arange(n) % 2].reshape(
            shape
        )
    made = np.frombuffer(raw.astype(np.uint8).tobytes(), dtype)[:n].reshape(shape).copy()
    if dtype.kind == "f":
        made = (np.arange(n) % 5 - 2).reshape(shape).astype(dtype)
        if n and draw(st.integers(0, 3)) == 0:
            made.flat[draw(st.integers(0, n - 1))] = draw(st.sampled_from([np.nan, np.inf]))
    return np.asfortranarray(made) if draw(st.integers(0, 4)) == 0 else made


@st.composite
def npy(draw) -> bytes:
    """As numpy writes it, with a header of somebody else's, or damaged."""
    written = io.BytesIO()
    np.save(written, draw(arrays()), allow_pickle=True)
    content = written.getvalue()
    how = draw(st.sampled_from(["whole", "whole", "header", "damaged"]))
    if how == "damaged":
        return draw(damaged(content))
    if how == "whole":
        return content
    shape = draw(st.sampled_from(
        ["(-1, 3)", "(20, 3)", "(100000000000, 3)", "(9223372036854775808, 4)", "()", "3", "(3.0,)", "(True, 3)", "None",
         f"({'1,' * 70})", "(0, 1000000000000000000)", "(1 + 1,)", "[20, 3]", "(4, -4)", "('a',)"]
    ))  # fmt: skip
    descr = draw(st.sampled_from(
        ["'<f8'", "'<f8'", "'|O'", "'<f99'", "''", "None", "[('a', '<f4')]", "'<M8[x]'", "'|V0'", "'|S0'",
         "'<U0'", "('<f4', (2, 2))", "[]", "'|b1'", "'<c16'", "[('', 'V')]", "'float'", "[('x', '|O')]"]
    ))  # fmt: skip
    order = draw(st.sampled_from(["False", "True", "None", "0"]))
    header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"
    header = draw(
        st.sampled_from([header] * 6 + [header[:-3], "__import__('sys')", "{", "(" * 400, ""])
    )
    version = draw(st.sampled_from([b"\x01\0", b"\x01\0", b"\x02\0", b"\x03\0", b"\x09\0"]))
    size = struct.pack("<H" if version[0] == 1 else "<I", len(header))
    return b"\x93NUMPY" + version + size + header.encode() + content[-480:]


@st.composite
def npz(draw) -> bytes:
    """Several arrays, or something else, in an archive, or a damaged one."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", draw(st.sampled_from([0, 8, 8, 12, 14]))) as archive:
        pair = draw(st.booleans())
        names = ["x", "y"] if pair else draw(st.lists(st.sampled_from(NAMES), max_size=4))
        for name in names:
            ending = draw(st.sampled_from([".npy"] * 7 + ["", ".NPY", ".txt", "/"]))
            if f"{name}{ending}" in archive.namelist():
                continue
            archive.writestr(f"{name}{ending}" or "_", draw(npy()) if ending != "/" else b"")
    content = written.getvalue()
    return draw(damaged(content)) if draw(st.integers(0, 2)) == 0 else content


@st.composite
def files(draw) -> File:
    """One file, and a way to read it."""
    kind = draw(st.sampled_from(["csv", "csv", "csv", "npy", "npz", "any"]))
    ending, truth = kind, None
    if kind == "csv":
        content, truth = draw(tables())
    elif kind == "any":
        content, ending = draw(st.binary(max_size=60)), draw(st.sampled_from(ENDINGS))
    else:
        content = draw(npy() if kind == "npy" else npz())
        if draw(st.integers(0, 12)) == 0:
            ending = draw(st.sampled_from(ENDINGS))
    way = draw(st.sampled_from(["x", "y", "data"]))
    return File(f"d.{ending}", content, way, truth)

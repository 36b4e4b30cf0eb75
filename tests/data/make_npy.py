#!/usr/bin/env python3
"""Writes the .npy and .npz files of tests/data/npy with NumPy, whose files are the oracle of the reader: every type
in both byte and storage orders, every version of the format. `--check`: only says whether they are still the same.

Element (i, j, k) of all of them, with v = 6i + 2j + k: v % 2 (bool), v - 5 (int), v (uint), v/4 - 1 (float).
"""
import io
import pathlib
import sys
import zipfile

import numpy as np

FOLDER = pathlib.Path(__file__).parent / "npy"
SHAPE = (3, 3, 2)
TYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()


def values(name):
    v = np.arange(18).reshape(SHAPE)
    formula = {"b": v % 2, "i": v - 5, "u": v, "f": v / 4 - 1}
    return formula[np.dtype(name).kind].astype(name)


def npy(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version)
    return out.getvalue()


def npz(save, **arrays):
    out = io.BytesIO()
    save(out, **arrays)
    return out.getvalue()


def files():
    for name in TYPES:
        for order, letter in (("little", "<"), ("big", ">")):
            for storage in "CF":
                array = np.asarray(values(name).astype(np.dtype(name).newbyteorder(letter)), order=storage)
                yield f"{name}_{order}_{storage}.npy", npy(array)
    for version in (1, 2, 3):
        yield f"float32_version{version}.npy", npy(values("float32"), (version, 0))
    arrays = {"float64_first": values("float64"), "int16_second": values("int16")}
    yield "float64_stored.npz", npz(np.savez, **arrays)
    yield "float64_deflated.npz", npz(np.savez_compressed, **arrays)


def same(name, old, new):
    if not name.endswith(".npz"):
        return old == new
    with zipfile.ZipFile(io.BytesIO(old)) as a, zipfile.ZipFile(io.BytesIO(new)) as b:  # they carry a time
        return a.namelist() == b.namelist() and all(a.read(n) == b.read(n) for n in a.namelist())


def main():
    FOLDER.mkdir(exist_ok=True)
    different = 0
    for name, content in files():
        path = FOLDER / name
        if "--check" not in sys.argv:
            path.write_bytes(content)
        elif not same(name, path.read_bytes(), content):
            print(f"{name} is another file")
            different = 1
    return different


if __name__ == "__main__":
    sys.exit(main())

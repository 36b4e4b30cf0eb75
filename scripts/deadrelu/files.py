"""Arrays by name in files: safetensors and npz, without further libraries.

A safetensors file is eight bytes with the length of a JSON header, the header, and the arrays' bytes
(https://huggingface.co/docs/safetensors).
"""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .program import DeadreluError

Arrays = Mapping[str, NDArray[Any]]
MOST_HEADER = 100_000_000  # bytes; the format's own limit

_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
           "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?"}


def write_arrays(path: str | os.PathLike[str], arrays: Arrays) -> None:
    """Writes a .safetensors or .npz file, whichever the path says."""
    suffix = Path(path).suffix
    if suffix == ".npz":
        named: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
        np.savez(path, **named)
    elif suffix == ".safetensors":
        Path(path).write_bytes(_safetensors(arrays))
    else:
        raise DeadreluError(f"{path}: the file's name has to end in .safetensors or .npz")


def read_arrays(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """The arrays of a .safetensors or .npz file, npz in the file's order, safetensors 2 before 10; bfloat16 as float32."""
    suffix = Path(path).suffix
    try:
        if suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        if suffix == ".safetensors":
            return _arrays(Path(path).read_bytes())
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise DeadreluError(f"{path}: cannot be read as {suffix[1:]}: {error}") from None
    raise DeadreluError(f"{path}: the file's name has to end in .safetensors or .npz")


def _safetensors(arrays: Arrays) -> bytes:
    names = {np.dtype(code): name for name, code in _DTYPES.items() if name != "BF16"}
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}  # weights are [outputs][inputs], as PyTorch has them
    data = b""
    for name, array in arrays.items():
        array = np.asarray(array)
        little = array.astype(array.dtype.newbyteorder("<"))
        if little.dtype not in names:
            raise DeadreluError(f"{name}: safetensors cannot hold the type {array.dtype}")
        content = little.tobytes()  # in C order
        header[name] = {"dtype": names[little.dtype], "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # the data is to begin at a multiple of 8
    return struct.pack("<Q", len(text)) + text + data


def _arrays(content: bytes) -> dict[str, NDArray[Any]]:
    length = struct.unpack_from("<Q", content)[0]
    if length > min(MOST_HEADER, len(content) - 8):
        raise ValueError(f"the header would have {length} bytes")
    header = json.loads(content[8:8 + length])
    data = memoryview(content)[8 + length:]
    found = {}
    names = sorted(header.keys() - {"__metadata__"}, key=lambda name: [part.zfill(9) for part in re.split(r"(\d+)", name)])
    for name in names:
        entry = header[name]
        begin, end = entry["data_offsets"]
        if not 0 <= begin <= end <= len(data):
            raise ValueError(f"{name} lies outside of the file")
        array = np.frombuffer(data[begin:end], _DTYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":
            array = (array.astype("<u4") << 16).view("<f4")
        found[name] = array.reshape(entry["shape"])
    return found

#!/usr/bin/env python3
"""The data files of the tutorials among the experiments, as scikit-learn makes them: tutorial_data.py [--check]

They lie beside the config.json that reads them. --check compares instead of writing.
"""

import argparse
import io
import pathlib

import numpy as np
from sklearn import datasets
from sklearn.preprocessing import MinMaxScaler

EXPERIMENTS = pathlib.Path(__file__).resolve().parents[2] / "experiments"


def table(inputs, labels):
    """A CSV file with columns x1, x2, … and label; numbers as they are."""
    names = [f"x{i + 1}" for i in range(inputs.shape[1])] + ["label"]
    rows = [",".join([*(repr(float(x)) for x in row), str(label)]) for row, label in zip(inputs, labels)]
    return "\n".join([",".join(names), *rows, ""]).encode()


def halves(inputs, labels):
    """An .npz file whose training split is the first half of the examples."""
    half = len(inputs) // 2
    file = io.BytesIO()
    np.savez(file, inputs=inputs[:half], targets=labels[:half], test_inputs=inputs[half:], test_targets=labels[half:])
    return file.getvalue()


def scaled(data, to=(0, 1)):
    inputs, labels = data
    return MinMaxScaler(feature_range=to).fit_transform(inputs), labels


def files():
    """{path below experiments: content}"""
    return {
        "sklearn-example/iris.csv": table(*scaled(datasets.load_iris(return_X_y=True))),
        "sklearn-example/circles.csv": table(*scaled(datasets.make_circles(noise=0.2, factor=0.5, random_state=1))),
        "sklearn-example/moons.csv": table(*scaled(datasets.make_moons(noise=0.3, random_state=0))),
        "stuck-at-half/circles.npz": halves(
            *scaled(datasets.make_circles(1000, noise=0.1, factor=0.8, random_state=1), to=(-1, 1))),
        "batch-of-one/blobs.npz": halves(*datasets.make_blobs(1000, centers=3, cluster_std=2, random_state=2)),
    }


def same(path, content):
    if path.suffix != ".npz":
        return path.read_bytes() == content
    with np.load(path) as there, np.load(io.BytesIO(content)) as made:
        return there.files == made.files and all(np.array_equal(there[name], made[name]) for name in made.files)


def differing():
    """The files that are not what scikit-learn makes today."""
    return [name for name, content in files().items() if not same(EXPERIMENTS / name, content)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        assert not differing(), differing()
    else:
        for name, content in files().items():
            (EXPERIMENTS / name).write_bytes(content)

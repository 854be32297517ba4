# SPDX-License-Identifier: Apache-2.0
"""Run by an interpreter that has scikit-learn: ``anomaly_peers.py FOLDER`` reads in.npz and writes out.npz."""

import sys

import numpy as np


def main(folder: str) -> None:
    """Fit on the clean rows and score the others; a large score is odd."""
    from sklearn.ensemble import IsolationForest
    from sklearn.neighbors import LocalOutlierFactor

    with np.load(f"{folder}/in.npz") as given:
        clean, asked = given["clean"], given["asked"]
    middle, wide = clean.mean(axis=0), clean.std(axis=0)
    wide[wide == 0] = 1.0
    clean, asked = (clean - middle) / wide, (asked - middle) / wide
    models = {
        "local outlier factor": LocalOutlierFactor(35, novelty=True),
        "isolation forest": IsolationForest(n_estimators=300, random_state=0),
    }
    scores = {name: -model.fit(clean).score_samples(asked) for name, model in models.items()}
    np.savez(f"{folder}/out.npz", **scores)


if __name__ == "__main__":
    main(sys.argv[1])

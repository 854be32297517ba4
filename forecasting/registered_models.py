# SPDX-License-Identifier: Apache-2.0
"""Which model files may be used, and which code and constants a run was made with.

The constants of the engine lie in a file that anybody can edit. A file is used only where its digest stands in
``registered_models.json``, to which each release adds its own and from which none is taken away, so that old
decisions can still name what they were made with. ``python -m forecasting.registered_models`` adds the present
one.
"""

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Final

from forecasting.errors import UnregisteredModel

MODEL_FILE: Final = Path(str(files("forecasting"))) / "engine" / "learnt.json"
REGISTER: Final = Path(str(files("forecasting"))) / "registered_models.json"
LEARNT_ENGINES: Final = frozenset({"auto"})
"""Engines that read the model file; the others have no constants."""

_APART: Final = "training"  # makes the model file and takes no part in a run


def model_digest(path: Path | None = None) -> str:
    """Digest a model file; none named: the one that this engine reads."""
    return f"sha256:{hashlib.sha256((path or MODEL_FILE).read_bytes()).hexdigest()}"


def engine_digest(folder: Path | None = None) -> str:
    """Digest the code and the constants that decide a result: names and contents of the files of this package."""
    root = folder or Path(str(files("forecasting")))
    found = sorted(
        (path.relative_to(root).as_posix(), path)
        for path in root.rglob("*")
        if path.suffix in (".py", ".json") and path.relative_to(root).parts[0] != _APART
    )
    digest = hashlib.sha256()
    for name, path in found:
        if path != REGISTER:
            digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def registered_digests(register: Path | None = None) -> frozenset[str]:
    """Read the digests that may be used."""
    return frozenset(json.loads((register or REGISTER).read_text(encoding="utf-8"))["models"])


def require_registered(digest: str, register: Path | None = None) -> None:
    """Refuse a model that nobody registered.

    Raises:
        UnregisteredModel: The digest is in no release.
    """
    if digest not in registered_digests(register):
        raise UnregisteredModel(
            f"the model file with digest {digest} is not registered: it was changed after it was released, or "
            "comes from elsewhere; install the release again, or, where you learnt it yourself, "
            "run python -m forecasting.registered_models"
        )


def require_registered_engine(engine: str) -> None:
    """Refuse an engine whose model file nobody registered; engines without a model file pass.

    Raises:
        UnregisteredModel: The digest is in no release.
    """
    if engine in LEARNT_ENGINES:
        require_registered(model_digest())


def register_model(path: Path | None = None, register: Path | None = None) -> str:
    """Add the digest of a model file to the register, at its end.

    Returns:
        The digest.
    """
    target, digest = register or REGISTER, model_digest(path)
    known = json.loads(target.read_text(encoding="utf-8"))["models"] if target.exists() else []
    if digest not in known:
        target.write_text(json.dumps({"models": [*known, digest]}, indent=1) + "\n", encoding="utf-8")
    return digest


if __name__ == "__main__":
    register_model()

"""Folders for jobs that take one: put together from the files of the release, and removed with the job."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from .definitions import Bundled, Gathered, Text
from .rendering import Place


@contextmanager
def in_folders(argv: Sequence[Text], place: Place) -> Iterator[list[Text]]:
    """Replace each `Gathered` of a command line by a folder that holds its files while the context lasts."""
    with ExitStack() as stack:
        yield [stack.enter_context(_folder(each, place)) if isinstance(each, Gathered) else each for each in argv]


@contextmanager
def _folder(gathered: Gathered, place: Place) -> Iterator[str]:
    """Make a private folder, so that no other user of the machine can put files into it."""
    with tempfile.TemporaryDirectory(prefix="chronon_") as root:
        for file in gathered.files:
            _, _, path = file.split("/", 2)
            target = os.path.join(root, *path.split("/"))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(place.path(Bundled(file)), target)
        yield f"{root}/{gathered.folder}"

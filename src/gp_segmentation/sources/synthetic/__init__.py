"""A synthetic England of general practices, drawn from published aggregates, in the official layouts."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gp_segmentation.sources.download.manifest import write_manifest
from gp_segmentation.sources.synthetic import files, write_others, write_qof, write_registrations
from gp_segmentation.sources.synthetic.england import England, draw_england
from gp_segmentation.utils.files import write_text


def address(seed: int, practices: int) -> str:
    """Return the origin of the files as the manifest gives it.

    >>> address(1, 300)
    'synthetic England, seed 1, 300 practices'
    """
    return f"synthetic England, seed {seed}, {practices} practices"


def write_england(
    folder: Path, *, seed: int, practices: Annotated[int, Field(ge=1, le=1_000_000)] = 6200
) -> None:
    """Draw a synthetic England and write it as the files that the readers of official data read.

    File names begin with SYNTHETIC_; archive members have the official names. SYNTHETIC_truth.csv holds the
    planted archetypes, special practices and irregularities; manifest.json the checksums. The same seed and
    number of practices give the same bytes. Files of the same names are replaced.

    Parameters
    ----------
    folder : created if it does not exist.
    seed : a whole number, zero or larger.
    practices : practices in QOF, at least one per ICB. A further 51 per 6,188 are in the registrations only.

    Raises
    ------
    ConfigError
        `practices` is smaller than the number of ICBs.
    """
    england = draw_england(seed, practices)
    folder.mkdir(parents=True, exist_ok=True)
    archives = {
        "SYNTHETIC_QOF2425.zip": write_qof.qof_members(england),
        "SYNTHETIC_gp-reg-pat-prac-quin-age.zip": {
            "gp-reg-pat-prac-quin-age.csv": write_registrations.registrations_text(england)
        },
        "SYNTHETIC_gp-reg-pat-prac-map.zip": {
            "gp-reg-pat-prac-map.csv": write_registrations.map_text(england)
        },
        "SYNTHETIC_epraccur.zip": {"epraccur.csv": write_others.epraccur_text(england)},
        "SYNTHETIC_codepo_gb.zip": write_others.codepoint_members(england),
    }
    texts = {
        "SYNTHETIC_94240_imd2025.csv": write_others.imd_text(england),
        "SYNTHETIC_practice_ethnicity.csv": write_others.ethnicity_text(england),
        "SYNTHETIC_truth.csv": write_others.truth_text(england),
    }
    for name, members in archives.items():
        files.write_zip(folder / name, members)
    for name, text in texts.items():
        write_text(folder / name, text)
    origin = address(seed, practices)
    write_manifest(folder, [files.manifest_row(folder / name, origin) for name in (*archives, *texts)])

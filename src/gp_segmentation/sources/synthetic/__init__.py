"""A synthetic England of general practices, drawn from published aggregates, in the official layouts."""

from pathlib import Path

from gp_segmentation.sources.download.manifest import write_manifest
from gp_segmentation.sources.synthetic import files, write_others, write_qof, write_registrations
from gp_segmentation.sources.synthetic.england import England, draw_england


def address(seed: int, practices: int) -> str:
    """Return what the manifest says of where the files came from.

    >>> address(1, 300)
    'synthetic England, seed 1, 300 practices'
    """
    return f"synthetic England, seed {seed}, {practices} practices"


def write_england(folder: Path, *, seed: int, practices: int = 6200) -> None:
    """Draw a synthetic England and write it as the files that the readers of official data read.

    The names of the files begin with SYNTHETIC_, those of archive members are official. Beside them stand
    SYNTHETIC_truth.csv (what was planted) and manifest.json. The same seed and number of practices give the
    same bytes. Files of the same names are replaced.

    Parameters
    ----------
    folder : made when it does not exist.
    seed : any whole number from zero on.
    practices : practices in QOF; 51 in 6,188 more are in the registrations only. At least one per ICB.

    Raises
    ------
    ConfigError
        when `practices` is smaller than the number of ICBs.
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
        files.write_raw_text(folder / name, text)
    made = address(seed, practices)
    write_manifest(folder, [files.manifest_row(folder / name, made) for name in (*archives, *texts)])

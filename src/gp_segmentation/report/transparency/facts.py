"""What the documents of the transparency pack say of a run, each thing in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from gp_segmentation.report.formatting import score_text
from gp_segmentation.report.summarise import summarise
from gp_segmentation.schemas import Results, by_chosen_method, empty, of_preparation
from gp_segmentation.utils.labels import SETTINGS, clusterer_in_words, in_words, preparation_in_words, titled
from gp_segmentation.utils.rounding import whole_percent
from gp_segmentation.utils.wording import CERTAIN, data_kind, listed

#: Steps of the preparation with a choice of their own.
STEPS = ("imputer", "outliers", "scaler", "reducer")
#: What the data are, by their kind.
DATA = {
    "synthetic": "synthetic data, made up by a computer",
    "simulated": "official statistics, some of whose figures are simulated (see the top)",
    "own": "an analyst's own table",
    "unchecked": "files in the layouts of official statistics, not checked against the publisher",
    "published": "official statistics",
}
#: Parameters of these steps that are said with their labels.
SAID = ("limit", "lower", "upper", "n_neighbors", "n_components")


@dataclass(frozen=True)
class Facts:
    """A run with the tables beside `Results` that the documents need.

    Attributes
    ----------
    age_sex : schema ``age_sex``; empty where the source has none.
    doubts : practice_code -> ``disputed_by`` ("": nothing disputes its segment); empty where not assessed.
    mix, peers, rules : tables ``segment_mix``, ``peers_by_quintile`` and ``rules_by_quintile`` of
        data/insight; empty where a run has none.
    """

    results: Results
    age_sex: pd.DataFrame = field(default_factory=lambda: empty("age_sex"))
    doubts: pd.Series = field(default_factory=lambda: pd.Series(dtype=str))
    mix: pd.DataFrame = field(default_factory=pd.DataFrame)
    peers: pd.DataFrame = field(default_factory=lambda: empty("peers_by_quintile"))
    rules: pd.DataFrame = field(default_factory=lambda: empty("rules_by_quintile"))

    @cached_property
    def said(self) -> dict[str, Any]:
        """What the page says (`summarise`)."""
        return summarise(self.results)

    @property
    def config(self) -> dict[str, Any]:
        """The whole configuration."""
        return self.results.config

    @property
    def source(self) -> dict[str, Any]:
        """The contents of source.json."""
        return self.results.source

    @property
    def figures(self) -> dict[str, Any]:
        """Every figure of the run; none where nothing was assessed."""
        return {**self.results.metrics, **(self.results.evidence.get("figures") or {})}

    @property
    def assessed(self) -> bool:
        """Whether the run has evidence."""
        return bool(self.results.evidence.get("assessed"))

    @property
    def method(self) -> str:
        """The method and the number of segments: ``K-means with 4 segments``."""
        choice = self.results.choice
        return f"{titled(clusterer_in_words(choice))} with {int(choice['n_clusters'])} segments"

    @property
    def data(self) -> str:
        """What kind of data these are, in a clause."""
        return DATA[data_kind(self.source)]

    @property
    def unit(self) -> str:
        """What a row is."""
        return "primary care network" if self.source.get("unit") == "pcn" else "general practice"

    @property
    def features(self) -> str:
        """How many features of which blocks, in a clause."""
        blocks = [f"{row['block']} ({row['features']})" for row in self.said["blocks"]]
        return f"{len(self.results.dictionary)} features: {listed(blocks)}"

    @property
    def found_again(self) -> list[int]:
        """Other numbers of segments that pass the rule with the chosen method."""
        table, choice = self.results.candidates, self.results.choice
        if table.empty:
            return []
        table = of_preparation(table, choice.get("preparation"))
        passed = by_chosen_method(table, choice) & table["passes"].astype(str).isin(["True", "1.0"])
        return sorted({int(k) for k in table.loc[passed, "n_clusters"]} - {int(choice["n_clusters"])})

    def figure(self, name: str) -> str:
        """A figure of the run as text."""
        return score_text(name, self.figures.get(name))

    def step(self, name: str) -> str:
        """How a step of the preparation was done: its label, and the preparation chosen if it was open."""
        node = self.config[name]
        if "candidates" not in node:
            settings = settings_text({key: node[key] for key in SAID if key in node})
            return f"{node.get('label', node['name'])}{f' ({settings})' if settings else ''}"
        words = preparation_in_words(self.results.choice["preparation"])
        tried = listed([str(row.get("label", key)) for key, row in node["candidates"].items()])
        return f"the study tried {tried}, and chose: {words}"

    @cached_property
    def certainty(self) -> pd.Series:
        """Practice_code -> probability of its segment, where that is known."""
        column = self.results.segments.set_index("practice_code").get("certainty", pd.Series(dtype=float))
        return column.dropna().astype(float)

    @property
    def certain(self) -> str:
        """For how many practices the segment is certain, in a sentence."""
        known = self.certainty
        if known.empty:
            return "How certain the segment of each practice is was not measured."
        share = whole_percent(float((known >= CERTAIN).mean()))
        return (
            f"{share} of {len(known):,} practices are certain of their segment (a probability of "
            f"{whole_percent(CERTAIN)} or more when counts and practices are drawn again). segments.csv has "
            "that of each."
        )

    def reasons(self) -> list[str]:
        """The verdict, its reasons and what else was found, or that nothing was assessed."""
        verdict = self.said["verdict"]
        beside = [f"Beside that: {reason}" for reason in verdict["beside"]]
        return [verdict["sentence"], *verdict["reasons"], *beside, *verdict["elsewhere"]]


def settings_text(node: Mapping[str, Any]) -> str:
    """Return the parameters of an object of the configuration: ``random starts 10, seed 1``."""
    hidden = ("_target_", "_partial_", "name", "label", "candidates")
    return ", ".join(
        f"{in_words(key, SETTINGS)} {value}"
        for key, value in node.items()
        if key not in hidden and value is not None
    )

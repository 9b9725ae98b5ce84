"""What a practice's rate stands beside: the median of its peers, and its rank in its segment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gp_segmentation.insight.opportunities.tables import with_peers_and_rank

ROWS = [
    # practice, indicator, segment, rate -> median of its peers, rank, ranked
    ("A", "I1", 1, 0.60, 0.80, 3, 3),  # its peers B, C, D have 0.70, 0.80, 0.90
    ("B", "I1", 1, 0.70, 0.75, 2, 3),  # A has 0.60, D 0.90, and E no such rate: (0.60 + 0.90) / 2
    ("C", "I1", 1, 0.80, np.nan, 1, 3),  # its only peer, E, has no such rate
    ("D", "I1", 2, 0.90, 0.60, 1, 1),
    ("A", "I2", 1, 0.50, 0.50, 1, 2),  # equal rates share the better rank; C and D have no such rate
    ("B", "I2", 1, 0.50, 0.50, 1, 2),
    ("B", "I3", 1, 0.40, np.nan, 1, 1),
]
PEERS = [
    ("A", "B"),
    ("A", "C"),
    ("A", "D"),
    ("B", "A"),
    ("B", "D"),
    ("B", "E"),
    ("C", "E"),
    ("D", "A"),
    ("X", "A"),
]


def test_a_rate_stands_beside_its_peers_and_its_rank() -> None:
    columns = ["practice_code", "indicator_code", "segment", "rate", "peers_rate", "rank", "ranked"]
    table = pd.DataFrame(ROWS, columns=columns)
    peers = pd.DataFrame(PEERS, columns=["practice_code", "peer_code"])
    found = with_peers_and_rank(table[columns[:4]], peers)
    pd.testing.assert_frame_equal(found, table, check_dtype=False)
    shuffled = with_peers_and_rank(table[columns[:4]].sample(frac=1, random_state=1), peers).sort_index()
    pd.testing.assert_frame_equal(shuffled, table, check_dtype=False)


def test_a_source_without_achievement_has_no_ranks() -> None:
    table = pd.DataFrame(ROWS, columns=["practice_code", "indicator_code", "segment", "rate", "a", "b", "c"])
    found = with_peers_and_rank(
        table.iloc[:0, :4], pd.DataFrame(PEERS, columns=["practice_code", "peer_code"])
    )
    assert list(found.columns[4:]) == ["peers_rate", "rank", "ranked"]
    assert found.empty

"""Groups of the Quality and Outcomes Framework: those of any year from 2019-20 on."""

#: Disease register -> its condition. A year may lack some of them, or not describe them.
REGISTERS = {
    "AF": "Atrial fibrillation",
    "AST": "Asthma",
    "CAN": "Cancer",
    "CHD": "Coronary heart disease",
    "CKD": "Chronic kidney disease",
    "COPD": "Chronic obstructive pulmonary disease",
    "DEM": "Dementia",
    "DEP": "Depression",
    "DM": "Diabetes mellitus",
    "EP": "Epilepsy",
    "HF": "Heart failure",
    "HYP": "Hypertension",
    "LD": "Learning disability",
    "MH": "Mental health",
    "NDH": "Non-diabetic hyperglycaemia",
    "OB": "Obesity",
    "OST": "Osteoporosis",
    "PAD": "Peripheral arterial disease",
    "PC": "Palliative care",
    "RA": "Rheumatoid arthritis",
    "STIA": "Stroke and transient ischaemic attack",
}
#: Groups of indicators that are no register, or only in some years.
OTHER_GROUPS = ("BP", "CHOL", "CS", "CVDPP", "QI", "SMOK", "VI")
GROUPS = frozenset({*REGISTERS, *OTHER_GROUPS})

"""A gate as a JSON object, for programs."""

from collections import Counter

from mhsm_reports.gate.findings import Gate, Weight

FORMAT = "mhsm-gate/1"


def gate_document(gate: Gate) -> dict[str, object]:
    """Return the gate as JSON values: whether it is held, how much was found, and every finding."""
    counts = Counter(finding.weight for finding in gate.findings)
    baseline, run = gate.baseline, gate.run
    return {
        "format": FORMAT,
        "held": gate.is_held,
        "exact": gate.exact,
        "baseline": {
            "target": baseline.target,
            "profile": baseline.profile.value,
            "clauses": len(baseline.clauses),
            "checks": len(baseline.checks),
        },
        "run": {
            "target": run.target.name,
            "profile": run.profile.value,
            "seed": run.seed,
            "exchanges": run.exchanges,
            "state": run.state.value,
        },
        "totals": {weight.value: counts[weight] for weight in Weight},
        "known_failures": list(gate.known),
        "findings": [
            {
                "weight": finding.weight.value,
                "fails": gate.fails(finding),
                "subject": finding.subject.value,
                "id": finding.id,
                "title": finding.title,
                "told": finding.told,
                "details": list(finding.details),
            }
            for finding in gate.findings
        ],
    }

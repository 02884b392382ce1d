"""The rules of CloudWatch's Embedded Metric Format, as far as a line can break them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from typing import Any

# MetricDatum's units (PutMetricData API reference), those of them that are used here.
_UNITS = {"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Percent", "Count", "None"}


def violations(line: str) -> list[str]:
    """Return what is wrong with an EMF line; nothing when CloudWatch takes all of it."""
    root = json.loads(line)
    aws = root["_aws"]
    found = []
    if "\n" in line:
        found.append("more than one line")
    if type(aws["Timestamp"]) is not int or not 10**12 < aws["Timestamp"] < 10**13:
        found.append("Timestamp is not in milliseconds")
    for directive in aws["CloudWatchMetrics"]:
        found += _of_directive(root, directive)
    return found


def _of_directive(root: dict[str, Any], directive: dict[str, Any]) -> list[str]:
    found = []
    if not 1 <= len(directive["Namespace"]) <= 255:
        found.append("Namespace")
    for dimension_set in directive["Dimensions"]:
        if len(dimension_set) > 30:
            found.append("more than 30 dimensions")
        found += [
            f"dimension {name} is no string in the root"
            for name in dimension_set
            if not isinstance(root.get(name), str) or not 1 <= len(root[name]) <= 1024
        ]
    metrics = directive["Metrics"]
    names = [metric["Name"] for metric in metrics]
    if len(names) > 100 or len(set(names)) != len(names):
        found.append("too many metrics, or one twice")
    for metric in metrics:
        if metric.get("Unit", "None") not in _UNITS:
            found.append(f"unit {metric['Unit']}")
        value = root.get(metric["Name"])
        values = value if isinstance(value, list) else [value]
        if len(values) > 100 or not values or not all(type(number) in {int, float} for number in values):
            found.append(f"metric {metric['Name']} is no number in the root, nor a list of at most 100")
        if any(metric["Name"] in dimension_set for dimension_set in directive["Dimensions"]):
            found.append(f"{metric['Name']} is a metric and a dimension")
    return found

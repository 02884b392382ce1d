"""Imports `aws_kinesis_agg`, the reference library of the KPL's format, without its change of sys.path."""

import sys

_path_before_import = list(sys.path)
from aws_kinesis_agg.aggregator import RecordAggregator  # noqa: E402 - between the two lines that guard sys.path
from aws_kinesis_agg.deaggregator import deaggregate_records, iter_deaggregate_records  # noqa: E402 - as above

sys.path[:] = _path_before_import

__all__ = ["RecordAggregator", "deaggregate_records", "iter_deaggregate_records"]

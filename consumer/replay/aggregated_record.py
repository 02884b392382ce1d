"""`aws_kinesis_agg`'s class for the content of an aggregated record: only this module imports the library."""

import sys

_path_before_import = list(sys.path)
from aws_kinesis_agg.deaggregator import messages_pb2  # noqa: E402 - between the two lines that guard sys.path

# aws_kinesis_agg 1.2.3 puts its own folder, with generic module names such as `config_pb2`, at the head of sys.path.
sys.path[:] = _path_before_import

AggregatedRecord = messages_pb2.AggregatedRecord

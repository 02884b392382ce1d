# The log of record for analytics and rebuild.
resource "aws_kinesis_stream" "stream" {
  name             = "${var.name}-stream"
  shard_count      = var.stream_mode == "PROVISIONED" ? var.shard_count : null
  retention_period = var.stream_retention_hours
  encryption_type  = "KMS"
  kms_key_id       = "alias/aws/kinesis"

  stream_mode_details {
    stream_mode = var.stream_mode
  }
}

# The table that the stack uses: its own, or one that was restored beside it.
locals {
  restored_arn = "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:table/${var.restored_table_name}"
  table_name   = var.restored_table_name == "" ? aws_dynamodb_table.table.name : var.restored_table_name
  table_arn    = var.restored_table_name == "" ? aws_dynamodb_table.table.arn : local.restored_arn
}

# One partition a tenant.
resource "aws_dynamodb_table" "table" {
  name                        = "${var.name}-table"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "tenant_id"
  range_key                   = "log_id"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "tenant_id"
    type = "S"
  }

  attribute {
    name = "log_id"
    type = "S"
  }

  attribute {
    name = "arrived_at"
    type = "S"
  }

  attribute {
    name = "late_at"
    type = "S"
  }

  # Both are sparse: a log has these attributes only where its log_id does not say when it arrived, and where it was
  # stored late. The others cost nothing there.
  global_secondary_index {
    name            = "by_arrival"
    hash_key        = "tenant_id"
    range_key       = "arrived_at"
    projection_type = "KEYS_ONLY"
  }

  global_secondary_index {
    name            = "by_late"
    hash_key        = "tenant_id"
    range_key       = "late_at"
    projection_type = "KEYS_ONLY"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  server_side_encryption {
    enabled = true
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }
}

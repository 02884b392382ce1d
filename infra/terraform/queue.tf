# The record of truth for processing.
resource "aws_sqs_queue" "queue" {
  name                       = "${var.name}-queue"
  sqs_managed_sse_enabled    = true
  visibility_timeout_seconds = var.visibility_timeout_seconds
  message_retention_seconds  = 345600
  max_message_size           = var.maximum_message_bytes

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = var.max_receive_count
  })
}

resource "aws_sqs_queue" "dead_letters" {
  name                    = "${var.name}-dlq"
  sqs_managed_sse_enabled = true
  # A moved message keeps its first enqueue time, so this must exceed the source queue's retention.
  message_retention_seconds = 1209600
  max_message_size          = var.maximum_message_bytes

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    # Written out, because each of the two queues has to name the other.
    sourceQueueArns = ["arn:${data.aws_partition.current.partition}:sqs:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:${var.name}-queue"]
  })
}

# A policy a queue: SQS refuses a statement that names a second resource.
resource "aws_sqs_queue_policy" "refuse_plain_http" {
  for_each = var.require_tls ? { queue = aws_sqs_queue.queue, dead_letters = aws_sqs_queue.dead_letters } : {}

  queue_url = each.value.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RefusePlainHttp"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = each.value.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

# SQS batch in; rows out.
resource "aws_cloudwatch_log_group" "consumer" {
  name              = "/aws/lambda/${var.name}-consumer"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "consumer" {
  name               = "${var.name}-consumer"
  assume_role_policy = local.assumed_by_lambda
}

resource "aws_iam_role_policy" "consumer" {
  name = "consumer"
  role = aws_iam_role.consumer.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ConsumeQueue"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
        Resource = aws_sqs_queue.queue.arn
      },
      {
        Sid      = "SendBackLogs"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.queue.arn
      },
      {
        Sid      = "QuarantinePoison"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.dead_letters.arn
      },
      {
        Sid      = "StoreLogs"
        Effect   = "Allow"
        Action   = ["dynamodb:PartiQLInsert", "dynamodb:BatchGetItem"]
        Resource = local.table_arn
      },
      {
        Sid      = "PutPendingStreamRecords"
        Effect   = "Allow"
        Action   = "kinesis:PutRecords"
        Resource = aws_kinesis_stream.stream.arn
      },
      {
        Sid      = "WriteOwnLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.consumer.arn}:*"
      },
    ]
  })
}

resource "aws_lambda_function" "consumer" {
  function_name    = "${var.name}-consumer"
  description      = "SQS batches to redacted rows."
  runtime          = var.runtime
  architectures    = [var.architecture]
  handler          = "consumer.handler.handler"
  filename         = var.consumer_package
  source_code_hash = filebase64sha256(var.consumer_package)
  role             = aws_iam_role.consumer.arn
  memory_size      = var.consumer_memory_megabytes
  timeout          = var.consumer_timeout_seconds

  logging_config {
    log_format            = "JSON"
    system_log_level      = "WARN"
    application_log_level = "INFO"
    log_group             = aws_cloudwatch_log_group.consumer.name
  }

  environment {
    variables = {
      STACK_NAME                 = var.name
      QUEUE_URL                  = aws_sqs_queue.queue.url
      DLQ_URL                    = aws_sqs_queue.dead_letters.url
      TABLE_NAME                 = local.table_name
      STREAM_NAME                = aws_kinesis_stream.stream.name
      STREAM_SUB_KEYS            = var.stream_sub_keys
      MAX_RECEIVE_COUNT          = var.max_receive_count
      VISIBILITY_TIMEOUT_SECONDS = var.visibility_timeout_seconds
      SECONDS_PER_CHAR           = var.seconds_per_char
      CRASH_PROBABILITY          = var.crash_probability
      CRASH_POINT                = var.crash_point
      CRASH_MODE                 = var.crash_mode
      CRASH_SEED                 = var.crash_seed
      REDACTION_RULES            = var.redaction_rules
      REDACTION_PATTERNS         = var.redaction_patterns
      RETENTION_DAYS             = var.retention_days
    }
  }

  depends_on = [aws_iam_role_policy.consumer]
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn                   = aws_sqs_queue.queue.arn
  function_name                      = aws_lambda_function.consumer.function_name
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = var.batching_window_seconds
  function_response_types            = ["ReportBatchItemFailures"]

  dynamic "scaling_config" {
    for_each = var.maximum_concurrency > 0 ? [var.maximum_concurrency] : []
    content {
      maximum_concurrency = scaling_config.value
    }
  }
}

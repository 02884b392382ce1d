# HTTP in; queue and stream out.
locals {
  assumed_by_lambda = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_cloudwatch_log_group" "ingest" {
  name              = "/aws/lambda/${var.name}-ingest"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "ingest" {
  name               = "${var.name}-ingest"
  assume_role_policy = local.assumed_by_lambda
}

resource "aws_iam_role_policy" "ingest" {
  name = "ingest"
  role = aws_iam_role.ingest.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "EnqueueLogs"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.queue.arn
      },
      {
        Sid      = "PutStreamRecords"
        Effect   = "Allow"
        Action   = "kinesis:PutRecords"
        Resource = aws_kinesis_stream.stream.arn
      },
      {
        Sid      = "WriteOwnLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.ingest.arn}:*"
      },
      ], [
      for _ in range(local.api_keys) : {
        Sid      = "FindKeys"
        Effect   = "Allow"
        Action   = "dynamodb:GetItem"
        Resource = aws_dynamodb_table.access.arn
        Condition = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["key#*"] }
          Null                      = { "dynamodb:LeadingKeys" = "false" }
        }
      }
      ], [
      for _ in range(local.authenticated) : {
        Sid      = "CountQuotas"
        Effect   = "Allow"
        Action   = "dynamodb:UpdateItem"
        Resource = aws_dynamodb_table.access.arn
        Condition = {
          # The counters and no key: UpdateItem would also make one.
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["quota#*"] }
          Null                      = { "dynamodb:LeadingKeys" = "false" }
        }
      }
    ])
  })
}

resource "aws_lambda_function" "ingest" {
  function_name    = "${var.name}-ingest"
  description      = "Logs of every dialect, and GET /health."
  runtime          = var.runtime
  architectures    = [var.architecture]
  handler          = "ingest.handler.handler"
  filename         = var.ingest_package
  source_code_hash = filebase64sha256(var.ingest_package)
  role             = aws_iam_role.ingest.arn
  memory_size      = var.ingest_memory_megabytes
  timeout          = 10

  logging_config {
    log_format            = "JSON"
    system_log_level      = "WARN"
    application_log_level = "INFO"
    log_group             = aws_cloudwatch_log_group.ingest.name
  }

  environment {
    variables = {
      STACK_NAME              = var.name
      QUEUE_URL               = aws_sqs_queue.queue.url
      STREAM_NAME             = aws_kinesis_stream.stream.name
      STREAM_SUB_KEYS         = var.stream_sub_keys
      LOG_ID_BUCKETS          = var.log_id_buckets
      LOGS_PER_MESSAGE        = var.logs_per_message
      STREAM_BUDGET_MS        = var.stream_budget_milliseconds
      AUTHENTICATION          = var.authentication
      JWT_TENANT_CLAIM        = var.jwt_tenant_claim
      TENANT_ATTRIBUTE        = var.tenant_attribute
      ACCESS_TABLE_NAME       = local.authenticated == 1 ? aws_dynamodb_table.access.name : ""
      TENANT_LOGS_PER_MINUTE  = var.tenant_logs_per_minute
      TENANT_BYTES_PER_MINUTE = var.tenant_bytes_per_minute
    }
  }

  # Who reads a form of message is there before who writes it.
  depends_on = [aws_iam_role_policy.ingest, aws_lambda_function.consumer]
}

# GET /logs, only with authentication.
resource "aws_cloudwatch_log_group" "reader" {
  count = local.authenticated

  name              = "/aws/lambda/${var.name}-reader"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "reader" {
  count = local.authenticated

  name               = "${var.name}-reader"
  assume_role_policy = local.assumed_by_lambda
}

resource "aws_iam_role_policy" "reader" {
  count = local.authenticated

  name = "reader"
  role = aws_iam_role.reader[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "QueryLogs"
        Effect   = "Allow"
        Action   = "dynamodb:Query"
        Resource = [local.table_arn, "${local.table_arn}/index/by_arrival"]
      },
      {
        Sid      = "GetLogsOfTheIndex"
        Effect   = "Allow"
        Action   = "dynamodb:BatchGetItem"
        Resource = local.table_arn
      },
      {
        Sid      = "CountReads"
        Effect   = "Allow"
        Action   = "dynamodb:UpdateItem"
        Resource = aws_dynamodb_table.access.arn
        Condition = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["read#*"] }
          Null                      = { "dynamodb:LeadingKeys" = "false" }
        }
      },
      {
        Sid      = "WriteOwnLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.reader[0].arn}:*"
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
    ])
  })
}

resource "aws_lambda_function" "reader" {
  count = local.authenticated

  function_name    = "${var.name}-reader"
  description      = "GET /logs."
  runtime          = var.runtime
  architectures    = [var.architecture]
  handler          = "consumer.query.handler.handler"
  filename         = var.consumer_package
  source_code_hash = filebase64sha256(var.consumer_package)
  role             = aws_iam_role.reader[0].arn
  memory_size      = 512
  timeout          = 10

  logging_config {
    log_format            = "JSON"
    system_log_level      = "WARN"
    application_log_level = "INFO"
    log_group             = aws_cloudwatch_log_group.reader[0].name
  }

  environment {
    variables = {
      STACK_NAME              = var.name
      TABLE_NAME              = local.table_name
      LOG_ID_BUCKETS          = var.log_id_buckets
      AUTHENTICATION          = var.authentication
      JWT_TENANT_CLAIM        = var.jwt_tenant_claim
      ACCESS_TABLE_NAME       = aws_dynamodb_table.access.name
      TENANT_READS_PER_MINUTE = var.tenant_reads_per_minute
    }
  }

  depends_on = [aws_iam_role_policy.reader]
}

resource "aws_apigatewayv2_integration" "reader" {
  count = local.authenticated

  api_id                 = aws_apigatewayv2_api.api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.reader[0].arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 11000
}

resource "aws_apigatewayv2_route" "logs" {
  count = local.authenticated

  api_id             = aws_apigatewayv2_api.api.id
  route_key          = "GET /logs"
  target             = "integrations/${aws_apigatewayv2_integration.reader[0].id}"
  authorization_type = local.tokens == 1 ? "JWT" : "NONE"
  authorizer_id      = one(aws_apigatewayv2_authorizer.jwt[*].id)
}

resource "aws_apigatewayv2_route" "logs_head" {
  count = local.authenticated

  api_id             = aws_apigatewayv2_api.api.id
  route_key          = "HEAD /logs"
  target             = "integrations/${aws_apigatewayv2_integration.reader[0].id}"
  authorization_type = local.tokens == 1 ? "JWT" : "NONE"
  authorizer_id      = one(aws_apigatewayv2_authorizer.jwt[*].id)
}

# A preflight has no credentials, and without a route of its own goes to `ANY /{proxy+}`: to its authorizer or its 404.
resource "aws_apigatewayv2_route" "logs_preflight" {
  count = local.authenticated

  api_id    = aws_apigatewayv2_api.api.id
  route_key = "OPTIONS /logs"
  target    = "integrations/${aws_apigatewayv2_integration.reader[0].id}"
}

resource "aws_lambda_permission" "reader" {
  count = local.authenticated

  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.reader[0].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.api.execution_arn}/*"
}

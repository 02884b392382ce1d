# Authentication and quotas, opt-in.
locals {
  authenticated = var.authentication != "none" ? 1 : 0
  api_keys      = var.authentication == "api_key" ? 1 : 0
  tokens        = var.authentication == "jwt" ? 1 : 0
}

# API keys (as hashes) and the counters of the quotas. Always there, so that no change of authentication deletes keys;
# empty it costs nothing.
resource "aws_dynamodb_table" "access" {
  name                        = "${var.name}-access"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "id"
    type = "S"
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

resource "aws_cloudwatch_log_group" "authorizer" {
  count = local.api_keys

  name              = "/aws/lambda/${var.name}-authorizer"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "authorizer" {
  count = local.api_keys

  name               = "${var.name}-authorizer"
  assume_role_policy = local.assumed_by_lambda
}

resource "aws_iam_role_policy" "authorizer" {
  count = local.api_keys

  name = "authorizer"
  role = aws_iam_role.authorizer[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "FindKeys"
        Effect   = "Allow"
        Action   = "dynamodb:GetItem"
        Resource = aws_dynamodb_table.access.arn
      },
      {
        Sid      = "WriteOwnLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.authorizer[0].arn}:*"
      },
    ]
  })
}

resource "aws_lambda_function" "authorizer" {
  count = local.api_keys

  function_name    = "${var.name}-authorizer"
  description      = "Which tenant an API key belongs to."
  runtime          = var.runtime
  architectures    = [var.architecture]
  handler          = "ingest.access.authorize.handler"
  filename         = var.ingest_package
  source_code_hash = filebase64sha256(var.ingest_package)
  role             = aws_iam_role.authorizer[0].arn
  memory_size      = var.ingest_memory_megabytes
  timeout          = 5

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.authorizer[0].name
  }

  environment {
    variables = {
      ACCESS_TABLE_NAME = aws_dynamodb_table.access.name
    }
  }

  depends_on = [aws_iam_role_policy.authorizer]
}

resource "aws_lambda_permission" "authorizer" {
  count = local.api_keys

  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.authorizer[0].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.api.execution_arn}/*"
}

resource "aws_apigatewayv2_authorizer" "api_key" {
  count = local.api_keys

  api_id                            = aws_apigatewayv2_api.api.id
  name                              = "api-key"
  authorizer_type                   = "REQUEST"
  authorizer_uri                    = aws_lambda_function.authorizer[0].invoke_arn
  authorizer_payload_format_version = "2.0"
  enable_simple_responses           = true
  identity_sources                  = ["$request.header.X-Api-Key"]
  # How long a revoked key goes on working.
  authorizer_result_ttl_in_seconds = 60
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  count = local.tokens

  api_id           = aws_apigatewayv2_api.api.id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.jwt_issuer
    audience = [var.jwt_audience]
  }
}

resource "aws_apigatewayv2_api" "api" {
  name          = var.name
  protocol_type = "HTTP"

  # API Gateway adds its headers to what a function answers, to preflights, too.
  dynamic "cors_configuration" {
    for_each = var.cors_allow_origin == "" ? [] : [var.cors_allow_origin]

    content {
      allow_origins = [cors_configuration.value]
      allow_methods = ["GET"]
      allow_headers = ["authorization", "x-api-key"]
      max_age       = 3600
    }
  }
}

resource "aws_apigatewayv2_integration" "ingest" {
  api_id                 = aws_apigatewayv2_api.api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.ingest.arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 11000
}

# The routes are in the function: a dialect needs no line here. Keys are looked up there, too.
resource "aws_apigatewayv2_route" "paths" {
  api_id             = aws_apigatewayv2_api.api.id
  route_key          = "ANY /{proxy+}"
  target             = "integrations/${aws_apigatewayv2_integration.ingest.id}"
  authorization_type = var.authentication == "jwt" ? "JWT" : "NONE"
  authorizer_id      = one(aws_apigatewayv2_authorizer.jwt[*].id)
}

resource "aws_apigatewayv2_route" "root" {
  api_id             = aws_apigatewayv2_api.api.id
  route_key          = "ANY /"
  target             = "integrations/${aws_apigatewayv2_integration.ingest.id}"
  authorization_type = var.authentication == "jwt" ? "JWT" : "NONE"
  authorizer_id      = one(aws_apigatewayv2_authorizer.jwt[*].id)
}

resource "aws_apigatewayv2_route" "health" {
  api_id    = aws_apigatewayv2_api.api.id
  route_key = "GET /health"
  target    = "integrations/${aws_apigatewayv2_integration.ingest.id}"
}

resource "aws_apigatewayv2_route" "openapi" {
  api_id    = aws_apigatewayv2_api.api.id
  route_key = "GET /openapi.json"
  target    = "integrations/${aws_apigatewayv2_integration.ingest.id}"
}

resource "aws_cloudwatch_log_group" "api" {
  # Names under vendedlogs need no resource policy of their own, of which an account has only ten.
  name              = "/aws/vendedlogs/apis/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.api.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit  = var.throttling_rate_limit
    throttling_burst_limit = var.throttling_burst_limit
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    # No header and no body: a tenant's name and text stay out of it.
    format = jsonencode({
      request_id             = "$context.requestId"
      time                   = "$context.requestTime"
      ip                     = "$context.identity.sourceIp"
      route                  = "$context.routeKey"
      status                 = "$context.status"
      response_bytes         = "$context.responseLength"
      latency_ms             = "$context.responseLatency"
      integration_latency_ms = "$context.integrationLatency"
      error                  = "$context.error.message"
      integration_error      = "$context.integrationErrorMessage"
    })
  }
}

resource "aws_lambda_permission" "api" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.ingest.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.api.execution_arn}/*"
}

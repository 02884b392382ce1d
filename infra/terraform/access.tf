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

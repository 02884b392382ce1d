# A role that reads one tenant's rows, the one that its session is tagged with.
resource "aws_iam_role" "tenant_reader" {
  name = "${var.name}-tenant-reader"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      # Whoever assumes it must name a tenant, and can tag nothing else.
      Condition = {
        StringLike                  = { "aws:RequestTag/tenant_id" = "?*" }
        "ForAllValues:StringEquals" = { "aws:TagKeys" = ["tenant_id"] }
      }
    }]
  })
}

resource "aws_iam_role_policy" "tenant_reader" {
  name = "tenant-reader"
  role = aws_iam_role.tenant_reader.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "ReadOwnRows"
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"]
      Resource = [local.table_arn, "${local.table_arn}/index/by_arrival", "${local.table_arn}/index/by_late"]
      Condition = {
        "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = ["$${aws:PrincipalTag/tenant_id}"] }
        # ForAllValues is also true of no value at all.
        Null = { "dynamodb:LeadingKeys" = "false" }
      }
    }]
  })
}

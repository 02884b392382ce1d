# The stream's logs as an Iceberg table, for years. A bucket that holds tables is not destroyed: AWS refuses.
resource "aws_s3tables_table_bucket" "lake" {
  count = var.lake ? 1 : 0

  name = "${var.name}-lake"
}

# Whoever runs `rdp lake sync`: a person, or a container's task.
resource "aws_iam_role" "lake" {
  count = var.lake ? 1 : 0

  name = "${var.name}-lake"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "lake" {
  count = var.lake ? 1 : 0

  name = "lake"
  role = aws_iam_role.lake[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "ReadStream"
        Effect = "Allow"
        Action = [
          "kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords",
        ]
        Resource = aws_kinesis_stream.stream.arn
      },
      {
        Sid      = "ReadErasures"
        Effect   = "Allow"
        Action   = "dynamodb:Query"
        Resource = local.table_arn
        Condition = {
          "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = ["!erased"] }
          Null                        = { "dynamodb:LeadingKeys" = "false" }
        }
      },
      {
        Sid    = "FillLake"
        Effect = "Allow"
        Action = [
          "s3tables:GetTableBucket", "s3tables:CreateNamespace", "s3tables:GetNamespace", "s3tables:ListNamespaces",
          "s3tables:CreateTable", "s3tables:GetTable", "s3tables:ListTables", "s3tables:GetTableMetadataLocation",
          "s3tables:UpdateTableMetadataLocation", "s3tables:GetTableData", "s3tables:PutTableData",
        ]
        Resource = [aws_s3tables_table_bucket.lake[0].arn, "${aws_s3tables_table_bucket.lake[0].arn}/table/*"]
      },
      {
        Sid      = "ReadRedaction"
        Effect   = "Allow"
        Action   = "lambda:GetFunctionConfiguration"
        Resource = aws_lambda_function.consumer.arn
      },
    ]
  })
}

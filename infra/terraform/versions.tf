terraform {
  required_version = ">= 1.9" # Validations that look at a second variable.

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # Before 6.8.0 it refuses queues of 1 MiB: see maximum_message_bytes.
      version = ">= 6.8, < 7"
    }
  }
}

# Region, credentials and endpoint come from the environment, as for any AWS program.
provider "aws" {}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

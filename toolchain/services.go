package main

// services are the service packages of the Terraform AWS provider that the
// plugin keeps: those whose resources and functions coldstart declares, and
// meta (regions, partitions) and sts (caller identity, assumed roles), which
// every provider needs. To use another service, add it here; the next run
// builds a plugin that has it, if tokens.json knows its resources.
var services = []string{
	"accessanalyzer",
	"account",
	"budgets",
	"ce",
	"cloudtrail",
	"cloudwatch",
	"configservice",
	"ec2",
	"ecr",
	"events",
	"guardduty",
	"iam",
	"identitystore",
	"inspector2",
	"kms",
	"logs",
	"macie2",
	"meta",
	"organizations",
	"route53",
	"s3",
	"s3control",
	"securityhub",
	"sns",
	"ssm",
	"ssoadmin",
	"sts",
}

package main

import "strings"

// services returns the prefixes of the services that the table has: those that coldstart's
// policies and guardrails name, and those that a landing zone's policies are likely to name.
// A prefix that isn't in the list is a service of which internal/iamdata knows nothing.
func services() []string {
	return strings.Fields(`
		access-analyzer account acm activate aoss artifact athena auditmanager aws-marketplace
		aws-marketplace-management aws-portal backup bcm-dashboards bcm-data-exports
		bcm-pricing-calculator bcm-recommended-actions bedrock billing billingconductor budgets ce
		chatbot cloudformation cloudfront cloudfront-keyvaluestore cloudtrail cloudwatch
		compute-optimizer config consoleapp consolidatedbilling controltower cost-optimization-hub
		cur detective directconnect dynamodb ec2 ecr ecr-public ecs eks elasticache
		elasticfilesystem elasticloadbalancing es events firehose fms freetier globalaccelerator
		glue guardduty health iam identitystore inspector2 invoicing kinesis kms lambda
		license-manager lightsail logs macie2 network-firewall networkmanager notifications
		notifications-contacts organizations payments pricing purchase-orders quicksight ram rds
		redshift resource-explorer-2 route53 route53-recovery-cluster
		route53-recovery-control-config route53-recovery-readiness route53domains route53resolver
		s3 s3-object-lambda s3express sagemaker savingsplans secretsmanager securityhub securitylake
		servicecatalog servicequotas shield signin sns sqs ssm sso sso-directory sts support
		supportapp supportplans sustainability tag tax trustedadvisor uxc vendor-insights waf
		waf-regional wafv2`)
}

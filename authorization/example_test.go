package authorization_test

import (
	"fmt"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
)

// An administrator of a member account, whose organization lets nobody stop a trail.
func ExampleDecide() {
	everything := policy.Document{Statements: []policy.Statement{{
		Effect: policy.Allow, Action: policy.List{"*"}, Resource: policy.List{"*"},
	}}}
	guardrail := policy.Document{Statements: []policy.Statement{{
		Sid: "KeepTrails", Effect: policy.Deny, Action: policy.List{"cloudtrail:StopLogging"}, Resource: policy.List{"*"},
		Condition: policy.Condition{"ArnNotLike": {"aws:PrincipalArn": {"arn:aws:iam::*:role/OrganizationAccountAccessRole"}}},
	}}}
	policies := authorization.Policies{
		Management: "999999999999",
		ServiceControl: []authorization.Level{
			{Name: "the root", Policies: []authorization.Policy{{Name: "FullAWSAccess", Document: everything}, {Name: "keep-trails", Document: guardrail}}},
			{Name: "the account", Policies: []authorization.Policy{{Name: "FullAWSAccess", Document: everything}}},
		},
		Identity: []authorization.Policy{{Name: "AdministratorAccess", Document: everything}},
	}
	for _, role := range []string{"admin", "OrganizationAccountAccessRole"} {
		fmt.Println(authorization.Decide(authorization.Request{
			Action: "cloudtrail:StopLogging", Resource: "arn:aws:cloudtrail:eu-west-1:111122223333:trail/all",
			Principal: authorization.Principal{Type: authorization.Role, Account: "111122223333", ARN: "arn:aws:iam::111122223333:role/" + role, Session: "ada"},
		}, policies).Outcome)
	}
	// Output:
	// denied explicitly
	// allowed
}

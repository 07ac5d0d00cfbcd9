package policy_test

import (
	"fmt"

	"github.com/coldstart-aws/coldstart/policy"
)

func ExampleDocument_JSON() {
	document := policy.Document{Statements: []policy.Statement{{
		Effect: policy.Deny, Action: policy.List{"aws-marketplace:Subscribe"}, Resource: policy.List{"*"},
	}}}
	text, err := document.JSON()
	fmt.Println(text, err)
	// Output: {"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"aws-marketplace:Subscribe","Resource":"*"}]} <nil>
}

// A misspelled element is an error, since the statement would say more without it.
func ExampleParse() {
	_, err := policy.Parse(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Conditions": {}}}`)
	fmt.Println(err)
	// Output: reading a policy: json: unknown field "Conditions"
}

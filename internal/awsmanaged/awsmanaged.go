// Package awsmanaged has the documents of AWS managed policies, such as AdministratorAccess, which no
// declaration contains:
//
//	document, known := awsmanaged.Document("arn:aws:iam::aws:policy/job-function/Billing")
//
// AWS changes them. data/README.md has the source and its version, and each policy the date of its last
// change. Policies of service roles and service-linked roles aren't here: no person is given one.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/about-managed-policy-reference.html
package awsmanaged

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/policy"
)

// lines has a policy a line, in the order of their names.
//
//go:generate go run ./generate data
//go:embed data/policies.jsonl
var lines []byte

// prefix starts the ARN of each AWS managed policy.
const prefix = "arn:aws:iam::aws:policy/"

// index has the documents of policies by their names.
var index = sync.OnceValue(func() map[string][]byte {
	documents := map[string][]byte{}
	for line := range bytes.Lines(lines) {
		var p struct {
			Name     string
			Document json.RawMessage
		}
		if err := json.Unmarshal(line, &p); err != nil {
			panic(fmt.Sprintf("a line of the data: %v", err)) // The data is part of the program.
		}
		documents[p.Name] = p.Document
	}
	return documents
})

// Document returns the document of the policy with an ARN; false if AWS has no such policy, or had none
// when the data was made.
func Document(arn string) (policy.Document, bool) {
	name, managed := strings.CutPrefix(arn, prefix)
	text, known := index()[name]
	if !managed || !known {
		return policy.Document{}, false
	}
	document, err := policy.Parse(string(text))
	if err != nil {
		panic(fmt.Sprintf("the policy %s: %v", name, err)) // A test reads all of them.
	}
	return document, true
}

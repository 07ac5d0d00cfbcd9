//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// walled declares guardrails that are off by default. The policy types that they need follow in an update of their own.
const walled = `
config:
  coldstart:namespace: walled
  coldstart:domain: walled.example
  coldstart:region: eu-west-1
  coldstart:email: aws+%s@walled.example
  coldstart:accounts: { audit: {}, app: { unit: apps } }
  coldstart:units:
    apps: { guardrails: [allowed-instance-types, allowed-networks, deny-foreign-resources, deny-iam-users, deny-marketplace, require-encryption, require-tags] }
  coldstart:security: { unusedAccessDays: 90 }
  coldstart:guardrails:
    instanceTypes: [t3.*, m7g.large]
    networks: [203.0.113.0/24, "2001:db8::/32"]
    partners: ["444455556666"]
    tags: [CostCenter]
    policies:
      encrypted-only:
        - { Effect: Deny, Principal: "*", Action: "s3:*", Resource: "*", Condition: { BoolIfExists: { "aws:SecureTransport": "false" } } }
`

// TestPerimeter attaches the guardrails of the library that nobody has by default. Resource control policies and declarative
// policies come to an organization that has lived without, and leave again. The former bind the archive too.
func TestPerimeter(t *testing.T) {
	begin(t)
	w := newWorld(t, walled)
	w.up()
	w.proved()
	const thief, perimeter = "arn:aws:iam::999988887777:role/thief", "resource control policy walled-deny-foreign-principals"
	reads := func(who string, more ...string) string {
		out, _ := w.run(coldstart(), append([]string{"can", who, "s3:GetObject", "--in", "app", "--resource", "arn:aws:s3:::any/any"}, more...)...)
		return out
	}
	lacks := func(out string) {
		t.Helper()
		if strings.Contains(out, perimeter) {
			t.Errorf("the %s denies it:\n%s", perimeter, out)
		}
	}
	lacks(reads(thief, "--live"))

	closed := strings.NewReplacer(
		"  coldstart:guardrails:\n", "  coldstart:organization: { policyTypes: [SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY, DECLARATIVE_POLICY_EC2] }\n  coldstart:guardrails:\n    root: [deny-leaving, protect-access, protect-audit, deny-foreign-principals]\n",
		"unusedAccessDays: 90", "unusedAccessDays: 30",
		"deny-marketplace,", "deny-marketplace, deny-public-ec2, encrypted-only,",
	).Replace(walled)
	w.declare(closed)
	contains(t, w.ok(coldstart(), "preview"), "deny-foreign-principals-root")
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	contains(t, w.ok(coldstart(), "doctor"), "unit apps will have the most, 8 of the 10 service control policies that AWS attaches")
	for _, live := range [][]string{{"--live"}, {}} {
		contains(t, reads(thief, live...), "no: "+thief, perimeter)
		lacks(reads("arn:aws:iam::444455556666:role/vendor", live...))
	}

	w.declare(strings.Replace(strings.Replace(strings.Replace(closed, "  coldstart:security: { unusedAccessDays: 30 }\n", "", 1), ", deny-foreign-principals", "", 1), " deny-public-ec2, encrypted-only,", "", 1))
	w.up()
	w.unchanged()
	w.proved()
	lacks(reads(thief, "--live"))
}

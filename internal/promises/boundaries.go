package promises

import (
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// stranger is the id of an account that is nobody's.
const stranger = "000000000000"

// touches are what somebody might do to what has a policy of its own, by the ARN's service.
var touches = map[string][]string{
	"s3":  {"s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:PutBucketPolicy"},
	"kms": {"kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:PutKeyPolicy"},
	"iam": {"sts:AssumeRole"},
}

// touching returns the questions about what somebody might do to a bucket, a key or a role.
func touching(who, in, arn string) []question {
	var all []question
	for _, action := range touches[strings.Split(arn, ":")[2]] {
		on := arn
		if strings.HasSuffix(action, "Object") {
			on += "/any"
		}
		all = append(all, question{who: who, action: action, in: in, on: on})
	}
	return all
}

// askStrangers: no policy lets in another organization's account.
func askStrangers(a *asking) {
	for _, r := range a.resources {
		for _, q := range touching(stranger, r.Account, r.ARN) {
			a.cannot(q)
		}
	}
}

// askAccounts: administrators of a member don't get at another account, but for their delegation in the management
// account. A role's trust may ask for what isn't known of a session, such as MFA; that isn't "can".
func askAccounts(a *asking) {
	for _, r := range a.resources {
		for _, member := range a.org.AccountNames() {
			if member == r.Account || !slices.Contains(a.members, member) && !r.Mentions(member) {
				continue
			}
			if strings.HasSuffix(r.ARN, ":role/"+a.org.Name(member, organization.RoleDelegation)) {
				continue
			}
			for _, q := range touching("arn:aws:iam::{"+member+"}:role/"+a.org.AccessRoleOf(member), r.Account, r.ARN) {
				if answer := a.ask(q); answer.Outcome == allowed {
					a.breaks(q, "can", answer)
				}
			}
		}
	}
	for _, member := range a.members {
		a.can(question{who: permissions.Coldstart, action: "iam:CreateRole", in: member})
	}
}

// askPlaintext: buckets refuse what doesn't come by TLS.
func askPlaintext(a *asking) {
	for _, r := range a.resources {
		if strings.HasPrefix(r.ARN, "arn:aws:s3:") {
			for _, action := range []string{"s3:GetObject", "s3:PutObject", "s3:ListBucket"} {
				on := strings.TrimSuffix(r.ARN+"/any", map[bool]string{true: "/any"}[action == "s3:ListBucket"])
				q := question{who: permissions.Root, action: action, in: r.Account, on: on, keys: with("aws:SecureTransport", "false")}
				a.barred(q, resource, "")
				if q.keys = nil; !strings.HasSuffix(action, ":PutObject") { // The archive denies that in any way.
					a.spared(q, resource, "")
				}
			}
		}
	}
}

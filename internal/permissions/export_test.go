package permissions

import (
	"strings"
	"testing"
)

// QuestionText is a question that can be a key of a map.
type QuestionText struct{ Who, Action, Account, Resource string }

// Bucket returns the name of the bucket of an account that has something in its name.
func (d *Documents) Bucket(t testing.TB, account, what string) string {
	t.Helper()
	for arn, owner := range d.owners {
		if name, isBucket := strings.CutPrefix(arn, "arn:aws:s3:::"); isBucket && owner == d.accounts[account] && strings.Contains(name, what) {
			return d.shown(name)
		}
	}
	t.Fatalf("account %s has no bucket %s", account, what)
	return ""
}

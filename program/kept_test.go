package program_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
)

// keptKey answers getKey for a key that has the alias already.
func keptKey(state string) pulumitest.Answer {
	return func(args map[string]any) (map[string]any, error) {
		id := "kept-" + strings.TrimPrefix(args["keyId"].(string), "alias/acme-")
		return map[string]any{"id": id, "keyId": args["keyId"], "arn": "arn:" + id, "awsAccountId": "210987654321", "keyState": state, "deletionDate": "2026-12-27T00:00:00Z"}, nil
	}
}

// keptBuckets answers getBucket for an account that has a state bucket only.
func keptBuckets(args map[string]any) (map[string]any, error) {
	if name := args["bucket"].(string); !strings.HasSuffix(name, "-state-210987654321") {
		return nil, errors.New("reading S3 Bucket (" + name + "): couldn't find resource")
	}
	return map[string]any{"id": args["bucket"]}, nil
}

// TestKept: a stack that was destroyed and comes back takes over the keys and buckets
// that stayed in AWS, and asks for them only then.
func TestKept(t *testing.T) {
	t.Parallel()
	org, w := shipped(t), nothing()
	w.up(t, org, named(t, org, "master"))
	w.keys, w.buckets = keptKey("Enabled"), keptBuckets
	for stack, names := range map[string][]string{"prod": {"state", "secrets"}, "audit": {"state", "secrets", "archive"}} {
		for _, preview := range []bool{false, true} {
			result := w.run(t, org, stack, preview)
			for _, name := range names {
				kept := map[string]string{"state": "state", "secrets": "secrets", "archive": "trails"}[name]
				if key := result.Resource(t, pulumitest.Key, name); key.ImportID != "kept-"+stack+"-"+kept || !slices.Contains(key.IgnoreChanges, "policy") {
					t.Errorf("%s: key %s is imported from %q, without %v", stack, name, key.ImportID, key.IgnoreChanges)
				}
				if alias := result.Resource(t, pulumitest.Alias, name); alias.ImportID != "alias/acme-"+stack+"-"+kept {
					t.Errorf("%s: alias %s is imported from %q", stack, name, alias.ImportID)
				}
			}
			if bucket := result.Resource(t, pulumitest.Bucket, "state"); bucket.ImportID != "acme-"+stack+"-state-210987654321" {
				t.Errorf("%s: the state bucket is imported from %q", stack, bucket.ImportID)
			}
			if stack == "audit" && result.Resource(t, pulumitest.Bucket, "archive").ImportID != "" {
				t.Error("an archive is imported that isn't there")
			}
		}
	}
	w.up(t, org, named(t, org, "prod"))
	again := w.run(t, org, "prod", false)
	if key := again.Resource(t, pulumitest.Key, "state"); key.ImportID != "" || slices.Contains(again.Invokes, pulumitest.GetKey) {
		t.Errorf("an update of a stack that is there imports %q and asks %v", key.ImportID, again.Invokes)
	}
}

// TestConfigIsTurnedOnAgain: the key that stayed when AWS Config was turned off is taken over, by a stack that has run to its end. An update
// asks for it no more.
func TestConfigIsTurnedOnAgain(t *testing.T) {
	t.Parallel()
	off := shipped(t)
	on := changed(t, func(o *organization.Organization) { o.Security.Config = organization.RecordDaily })
	w := after(t, off)
	w.up(t, on, named(t, on, "master"))
	w.keys, w.buckets = keptKey("Enabled"), keptBuckets
	again := w.run(t, on, "audit", false)
	if key := again.Resource(t, pulumitest.Key, "config"); key.ImportID != "kept-audit-config" {
		t.Errorf("the key is imported from %q", key.ImportID)
	}
	w.up(t, on, named(t, on, "audit"))
	if next := w.run(t, on, "audit", false); next.Resource(t, pulumitest.Key, "config").ImportID != "" || slices.Contains(next.Invokes, pulumitest.GetKey) {
		t.Errorf("an update asks %v", next.Invokes)
	}
}

// TestKeyPendingDeletion isn't passed by: a new key wouldn't open what the old one
// has encrypted.
func TestKeyPendingDeletion(t *testing.T) {
	t.Parallel()
	org, w := shipped(t), nothing()
	w.keys = keptKey("PendingDeletion")
	result := w.try(t, org, "master", false)
	if result.Err == nil {
		t.Fatal("it went on")
	}
	for _, want := range []string{"alias/acme-master-state", "2026-12-27", "cancel-key-deletion", "enable-key", "delete-alias"} {
		if !strings.Contains(result.Err.Error(), want) {
			t.Errorf("%q isn't in %v", want, result.Err)
		}
	}
}

package effects_test

import (
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/effects"
)

// TestOf checks which changes of a property have an effect.
func TestOf(t *testing.T) {
	t.Parallel()
	const organization, lock, lifecycle = "aws:organizations/organization:Organization", "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2",
		"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	const trail = "aws:cloudtrail/trail:Trail"
	property := func(path string, old, is any) effects.Property {
		return effects.Property{Path: path, Old: old, New: is}
	}
	for _, c := range []struct {
		what      string
		kind      string
		operation string
		property  effects.Property
		want      string
	}{
		{"a longer lock", lock, "update", property("rule.defaultRetention.days", 30.0, 90.0), "Logs are locked for longer."},
		{"a first lock", lock, "create", property("rule.defaultRetention.days", nil, 30.0), "Logs are locked for longer."},
		{"a shorter lock", lock, "update", property("rule.defaultRetention.days", 90.0, 30.0), ""},
		{"no lock any more", lock, "update", property("rule", map[string]any{}, nil), ""},
		{"logs for shorter", lifecycle, "update", property("rules[0].expiration.days", 730.0, 365.0), "Objects expire earlier."},
		{"logs for longer", lifecycle, "update", property("rules[0].expiration.days", 365.0, 730.0), ""},
		{"no expiry any more", lifecycle, "update", property("rules[0].expiration.days", 365.0, nil), ""},
		{"a first expiry", lifecycle, "update", property("rules[0].expiration.days", nil, 365.0), "Objects expire earlier."},
		{"a new bucket's expiry", lifecycle, "create", property("rules[0].expiration.days", nil, 365.0), ""},
		{"old versions", lifecycle, "update", property("rules[0].noncurrentVersionExpiration.noncurrentDays", 90.0, 30.0), ""},
		{"a type less", organization, "update", property("enabledPolicyTypes[1]", "TAG_POLICY", nil), "Types of policies are disabled."},
		{"another type", organization, "update", property("enabledPolicyTypes[1]", "TAG_POLICY", "BACKUP_POLICY"), "Types of policies are disabled."},
		{"a type more", organization, "update", property("enabledPolicyTypes[1]", nil, "TAG_POLICY"), ""},
		{"a service less", organization, "update", property("awsServiceAccessPrincipals[0]", "ram.amazonaws.com", nil), "Services aren't trusted any more."},
		{"a service more", organization, "update", property("awsServiceAccessPrincipals[0]", nil, "ram.amazonaws.com"), ""},
		{"an account that is closed later", "aws:organizations/account:Account", "update", property("closeOnDeletion", false, true), "Accounts will be closed"},
		{"an account that isn't", "aws:organizations/account:Account", "update", property("closeOnDeletion", true, false), ""},
		{"a selector less", trail, "update", property("advancedEventSelectors[2]", map[string]any{"name": "Access to states"}, nil), "Trails record fewer data events."},
		{"another selector", trail, "update", property("advancedEventSelectors[1].fieldSelectors[2].startsWiths[0]", "arn:aws:s3:::a-", "arn:aws:s3:::a-b-"), "Trails record fewer data events."},
		{"a selector more", trail, "update", property("advancedEventSelectors[2]", nil, map[string]any{"name": "Access to states"}), ""},
		{"a tag", "aws:organizations/account:Account", "update", property("tags.parentId", nil, "x"), ""},
		{"a name of a unit", "aws:organizations/organizationalUnit:OrganizationalUnit", "update", property("name", "a", "b"), "Units are renamed."},
		{"a role", "aws:iam/role:Role", "delete", effects.Property{}, "Roles are deleted."},
		{"a role more", "aws:iam/role:Role", "create", effects.Property{}, ""},
	} {
		found := effects.Of(effects.Change{Type: c.kind, Operation: c.operation, Properties: []effects.Property{c.property}})
		switch {
		case c.want == "" && len(found) > 0:
			t.Errorf("%s: %s", c.what, found[0].Says)
		case c.want != "" && (len(found) != 1 || !strings.HasPrefix(found[0].Says, c.want)):
			t.Errorf("%s: got %v, not %q", c.what, found, c.want)
		}
	}
}

// TestScansLess checks that a list that only grows, so that its items move, loses nothing.
func TestScansLess(t *testing.T) {
	t.Parallel()
	const less = "Scans of Inspector are turned off in these accounts, and AWS deletes their findings."
	moved := func(path string, old, is any) effects.Property {
		return effects.Property{Path: path, Old: old, New: is}
	}
	for what, c := range map[string]struct {
		properties []effects.Property
		loses      bool
	}{
		"the last one":    {[]effects.Property{moved("resourceTypes[1]", "ECR", nil)}, true},
		"the first one":   {[]effects.Property{moved("resourceTypes[0]", "EC2", "ECR"), moved("resourceTypes[1]", "ECR", nil)}, true},
		"another one":     {[]effects.Property{moved("resourceTypes[0]", "EC2", "ECR")}, true},
		"one more":        {[]effects.Property{moved("resourceTypes[1]", nil, "LAMBDA")}, false},
		"one more before": {[]effects.Property{moved("resourceTypes[0]", "ECR", "EC2"), moved("resourceTypes[1]", nil, "ECR")}, false},
	} {
		found := effects.Of(effects.Change{Type: "aws:inspector2/enabler:Enabler", Operation: "update", Properties: c.properties})
		if is := len(found) == 1 && found[0].Says == less; is != c.loses || !is && len(found) > 0 {
			t.Errorf("%s: got %v", what, found)
		}
	}
}

// TestProtected checks that a protected resource has only the effect that Pulumi refuses the
// change.
func TestProtected(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"delete", "replace"} {
		found := effects.Of(effects.Change{Type: "aws:route53/zone:Zone", Operation: operation, Protected: true})
		if len(found) != 1 || found[0].Weight != effects.Refused {
			t.Errorf("%s: got %v", operation, found)
		}
	}
	created := effects.Of(effects.Change{Type: "aws:organizations/account:Account", Operation: "create", Protected: true})
	if len(created) != 1 || created[0].Weight != effects.Final {
		t.Errorf("create: got %v", created)
	}
}

// TestKinds checks that the gravest kinds come first, and that no sentence comes twice.
func TestKinds(t *testing.T) {
	t.Parallel()
	seen, notable := map[string]bool{}, false
	for i, k := range effects.Kinds() {
		if seen[k.Says] || effects.Order(k.Effect) != i || k.Weight == effects.Final && notable || len(k.Operations) == 0 {
			t.Errorf("%d: %+v", i, k.Effect)
		}
		seen[k.Says], notable = true, notable || k.Weight == effects.Notable
	}
}

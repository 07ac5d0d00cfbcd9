package permissions

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// member are the keys of a call from outside of AWS by a principal in an account of the organization.
func (d *Documents) member(account, region string) map[string][]string {
	keys := authorization.FromOutside(region)
	keys["aws:PrincipalOrgID"] = []string{d.organizationID}
	if path := d.control[account].path; path != "" {
		keys["aws:PrincipalOrgPaths"] = []string{path}
	}
	return keys
}

// signedIn are the keys of how a person has signed in. An access key by itself has none of them. AWS doesn't
// publish all cases in which a session of a role has them, so nothing is said of these.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
func signedIn(kind authorization.PrincipalType, mfa time.Duration) map[string][]string {
	switch {
	case kind == authorization.Role:
		return nil
	case mfa == organization.NoMFA:
		return map[string][]string{"aws:MultiFactorAuthPresent": nil, "aws:MultiFactorAuthAge": nil}
	}
	return map[string][]string{"aws:MultiFactorAuthPresent": {"true"}, "aws:MultiFactorAuthAge": {strconv.Itoa(int(mfa.Seconds()))}}
}

// keysOf are the keys that follow from the resource of a call.
func (d *Documents) keysOf(c request) map[string][]string {
	keys := d.tagKeys("aws:ResourceTag/", d.tags[c.resource])
	if d.has(c.owner) {
		keys["aws:ResourceOrgID"] = []string{d.organizationID}
	}
	if strings.HasPrefix(c.resource, "arn:aws:kms:") {
		keys["kms:ResourceAliases"] = nil
		for alias, key := range d.aliases {
			if key == c.resource {
				keys["kms:ResourceAliases"] = append(keys["kms:ResourceAliases"], alias[strings.LastIndex(alias, ":")+1:])
			}
		}
	}
	return keys
}

// tagKeys are the keys of tags, and of those that conditions name and that there aren't.
func (d *Documents) tagKeys(prefix string, tags map[string]string) map[string][]string {
	keys := map[string][]string{}
	for tag := range d.tagged {
		keys[prefix+tag] = nil
	}
	for tag, value := range tags {
		delete(keys, prefix+strings.ToLower(tag))
		keys[prefix+tag] = []string{value}
	}
	return keys
}

// noteTags notes the keys of tags that conditions name, in lower case.
func (d *Documents) noteTags() {
	note := func(p authorization.Policy) {
		for _, s := range p.Document.Statements {
			for key := range keysIn(s) {
				if _, tag, isTag := strings.Cut(strings.ToLower(key), "tag/"); isTag {
					d.tagged[tag] = true
				}
			}
		}
	}
	for _, id := range d.identities {
		for _, p := range slices.Concat(id.policies, pointed(id.boundary), pointed(id.trust)) {
			note(p)
		}
	}
	for _, p := range d.resources {
		note(*p)
	}
	for _, c := range d.control {
		for _, level := range slices.Concat(c.service, c.resource) {
			for _, p := range level.Policies {
				note(p)
			}
		}
	}
}

func pointed(p *authorization.Policy) []authorization.Policy {
	if p == nil {
		return nil
	}
	return []authorization.Policy{*p}
}

// keysIn are the condition keys of a statement.
func keysIn(s policy.Statement) map[string]bool {
	keys := map[string]bool{}
	for _, condition := range s.Condition {
		for key := range condition {
			keys[key] = true
		}
	}
	return keys
}

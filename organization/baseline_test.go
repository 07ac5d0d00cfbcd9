package organization_test

import (
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

const (
	aliasRemedy   = "write a pattern that gives 3 to 63 lower-case letters, digits and single inner hyphens, or none"
	contactRemedy = "write it: AWS takes name, title, email and phone together"
)

// TestBaselineRules breaks each rule of coldstart:baseline once, and those of
// delegated administrators.
func TestBaselineRules(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 255)
	contact := func(fields string) string { return "coldstart:baseline: {contacts: {security: {" + fields + "}}}" }
	const key = ":2: coldstart:baseline.contacts.security"
	for _, c := range []struct{ name, keys, want string }{
		{
			"alias without %s", `coldstart:baseline: {alias: acme}`,
			`:2: coldstart:baseline.alias: "acme" doesn't have exactly one %s; write none, or a pattern such as acme-%s`,
		},
		{
			"alias with two %s", `coldstart:baseline: {alias: "%s-%s"}`,
			`:2: coldstart:baseline.alias: "%s-%s" doesn't have exactly one %s; write none, or a pattern such as acme-%s`,
		},
		{
			"alias without %s, and no namespace", "coldstart:baseline: {alias: acme}\ncoldstart:namespace: \"\"",
			":2: coldstart:baseline.alias: \"acme\" doesn't have exactly one %s; write none, or a pattern such as acme-%s\n" +
				`:3: coldstart:namespace: is missing; write a short lower-case name, such as acme`,
		},
		{
			"alias in capitals, and a bad namespace", "coldstart:baseline: {alias: Acme-%s}\ncoldstart:namespace: Acme",
			":2: coldstart:baseline.alias: \"Acme-master\" is not an account's alias; " + aliasRemedy + "\n" +
				`:3: coldstart:namespace: "Acme" is not made of lower-case letters, digits and single inner hyphens; write a short lower-case name, such as acme`,
		},
		{
			"alias with another verb", `coldstart:baseline: {alias: "%s-%d"}`,
			`:2: coldstart:baseline.alias: "master-%d" is not an account's alias; ` + aliasRemedy,
		},
		{
			"alias with two hyphens", `coldstart:baseline: {alias: acme--%s}`,
			`:2: coldstart:baseline.alias: "acme--master" is not an account's alias; ` + aliasRemedy,
		},
		{
			"alias too short", "coldstart:accounts: {qa: {}}\ncoldstart:baseline: {alias: '%s'}",
			`:3: coldstart:baseline.alias: "qa" is not an account's alias; ` + aliasRemedy,
		},
		{
			"alias too long", "coldstart:accounts: {development: {}}\ncoldstart:baseline: {alias: " + long[:53] + "%s}",
			`:3: coldstart:baseline.alias: "` + long[:53] + `development" is not an account's alias; ` + aliasRemedy,
		},
		{
			"alias like an account's id", "coldstart:accounts: {1: {}}\ncoldstart:baseline: {alias: 12345678901%s}\ncoldstart:namespace: x",
			`:3: coldstart:baseline.alias: "123456789011" is not an account's alias; ` + aliasRemedy,
		},

		{
			"other default VPCs", "coldstart:baseline: {defaultVpcs: delete}",
			`:2: coldstart:baseline.defaultVpcs: "delete" is not what can become of default VPCs; write remove or keep`,
		},
		{
			"password too short", "coldstart:baseline:\n  passwords: {minimumLength: 5}",
			`:3: coldstart:baseline.passwords.minimumLength: 5 is out of range; write 6 to 128; 16 is a good choice`,
		},
		{
			"password too long", "coldstart:baseline: {passwords: {minimumLength: 129}}",
			`:2: coldstart:baseline.passwords.minimumLength: 129 is out of range; write 6 to 128; 16 is a good choice`,
		},
		{
			"too many passwords kept", "coldstart:baseline: {passwords: {reuse: 25}}",
			`:2: coldstart:baseline.passwords.reuse: 25 is out of range; write 0 to 24 passwords`,
		},
		{
			"passwords too old", "coldstart:baseline: {passwords: {maxAgeDays: 1096}}",
			`:2: coldstart:baseline.passwords.maxAgeDays: 1096 is out of range; write 0 for never, or up to 1095 days`,
		},
		{
			"negative numbers", "coldstart:baseline:\n  passwords:\n    reuse: -1\n    maxAgeDays: -1",
			":4: coldstart:baseline.passwords.reuse: -1 is out of range; write 0 to 24 passwords\n" +
				`:5: coldstart:baseline.passwords.maxAgeDays: -1 is out of range; write 0 for never, or up to 1095 days`,
		},

		{
			"unknown kind of contact", "coldstart:baseline: {contacts: {legal: {}}}",
			`:2: coldstart:baseline.contacts.legal: "legal" is not a kind of contact; write billing, operations, security`,
		},
		{
			"contact without fields", "coldstart:baseline:\n  contacts:\n    billing: ~",
			":4: coldstart:baseline.contacts.billing.email: is missing; " + contactRemedy + "\n" +
				":4: coldstart:baseline.contacts.billing.name: is missing; " + contactRemedy + "\n" +
				":4: coldstart:baseline.contacts.billing.phone: is missing; " + contactRemedy + "\n" +
				`:4: coldstart:baseline.contacts.billing.title: is missing; ` + contactRemedy,
		},
		{
			"contact of spaces", contact("name: ' ', title: b, email: ' ', phone: '  '"),
			key + ".email: is missing; " + contactRemedy + "\n" +
				key + ".name: is missing; " + contactRemedy + "\n" +
				key + ".phone: is missing; " + contactRemedy,
		},
		{
			"name too long", contact("name: " + long[:65] + ", title: b, email: c@d.example, phone: 1"),
			key + `.name: "` + long[:65] + `" is too long; write up to 64 characters`,
		},
		{
			"title too long", contact("name: a, title: " + long[:51] + ", email: c@d.example, phone: 1"),
			key + `.title: "` + long[:51] + `" is too long; write up to 50 characters`,
		},
		{
			"address too long", contact("name: a, title: b, email: c@" + long[:245] + ".example, phone: 1"),
			key + `.email: "c@` + long[:245] + `.example" is too long; write up to 254 characters`,
		},
		{
			"address that isn't one", contact("name: a, title: b, email: acme.example, phone: 1"),
			key + `.email: "acme.example" is not an e-mail address; write an address such as security@acme.example`,
		},
		{
			"number too long", contact("name: a, title: b, email: c@d.example, phone: '" + strings.Repeat("5", 26) + "'"),
			key + `.phone: "` + strings.Repeat("5", 26) + `" is too long; write up to 25 characters`,
		},
		{
			"number with an extension", contact("name: a, title: b, email: c@d.example, phone: +1 555 0100 ext. 2"),
			key + `.phone: "+1 555 0100 ext. 2" is not a phone number; write digits, spaces and ()+-, such as +1 555 0100`,
		},

		{
			"delegation of GuardDuty, which coldstart delegates itself", "coldstart:accounts: {audit: {}}\ncoldstart:organization: {delegatedAdministrators: {guardduty.amazonaws.com: audit}}",
			`:3: coldstart:organization.delegatedAdministrators: guardduty.amazonaws.com has a call of its own for its administrator: registered with AWS Organizations alone, the account administers nothing; take it out, and write coldstart:security.account and guardDuty`,
		},
		{
			"delegation of what isn't a service", "coldstart:accounts: {audit: {}}\ncoldstart:organization: {delegatedAdministrators: {guardduty: audit}}",
			`:3: coldstart:organization.delegatedAdministrators: "guardduty" is not one; write a service principal, such as access-analyzer.amazonaws.com`,
		},
		{
			"delegation to an unknown account", `coldstart:organization: {delegatedAdministrators: {sso.amazonaws.com: security}}`,
			`:2: coldstart:organization.delegatedAdministrators: sso.amazonaws.com can't be administered by "security", which isn't a member; write a member declared under coldstart:accounts`,
		},
		{
			"delegation to the management account", `coldstart:organization: {delegatedAdministrators: {sso.amazonaws.com: master}}`,
			`:2: coldstart:organization.delegatedAdministrators: sso.amazonaws.com can't be administered by "master", which isn't a member; write a member declared under coldstart:accounts`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkMessage(t, file(c.keys), c.want)
		})
	}
}

// TestBaselineBounds accepts what is unusual and right.
func TestBaselineBounds(t *testing.T) {
	t.Parallel()
	const contact = "{name: Jürgen Müller, title: Head of Security (EMEA), email: j+aws@acme.example, phone: +49 (0)30 123-456}"
	for name, keys := range map[string]string{
		"no alias":          "coldstart:baseline: {alias: none}",
		"name alone":        "coldstart:accounts: {dev: {}}\ncoldstart:baseline: {alias: '%s'}",
		"name in the midst": "coldstart:baseline: {alias: x-%s-y}",
		"longest alias":     "coldstart:baseline: {alias: '%s" + strings.Repeat("a", 57) + "'}",
		"least passwords":   "coldstart:baseline: {passwords: {minimumLength: 6, reuse: 0, maxAgeDays: 0}}",
		"most passwords":    "coldstart:baseline: {passwords: {minimumLength: 128, reuse: 24, maxAgeDays: 1095}}",
		"all contacts":      "coldstart:baseline: {contacts: {billing: &c " + contact + ", operations: *c, security: *c}}",
		"longest contact": "coldstart:baseline: {contacts: {billing: {name: " + strings.Repeat("ü", 64) + ", title: " + strings.Repeat("t", 50) +
			", email: c@" + strings.Repeat("d", 244) + ".example, phone: '" + strings.Repeat("5", 25) + "'}}}",
		"delegation": "coldstart:accounts: {audit: {}}\ncoldstart:organization: {delegatedAdministrators: {sso.amazonaws.com: audit, config-multiaccountsetup.amazonaws.com: audit}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parse(t, file(keys))
		})
	}
}

func TestAlias(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{"": "acme-dev", "none": "", "%s": "dev", "acme-inc-%s-x": "acme-inc-dev-x"} {
		org := &organization.Organization{Namespace: "acme", Baseline: organization.Baseline{Alias: pattern}}
		if got := org.Alias("dev"); got != want {
			t.Errorf("%q gives %q, not %q", pattern, got, want)
		}
	}
}

func TestAdministratorOf(t *testing.T) {
	t.Parallel()
	if got := organization.Defaults().AdministratorOf(organization.AnalyzerService); got != organization.Master {
		t.Errorf("findings show in %q without a delegation", got)
	}
	org := parse(t, file("coldstart:accounts: {audit: {}, prod: {}}\ncoldstart:organization: {delegatedAdministrators: {access-analyzer.amazonaws.com: audit, sso.amazonaws.com: prod}}"))
	if got := org.AdministratorOf(organization.AnalyzerService); got != "audit" {
		t.Errorf("findings show in %q, not in the account of the delegation", got)
	}
}

func TestBaselineNames(t *testing.T) {
	t.Parallel()
	org := parse(t, file("coldstart:accounts: {dev: {}}"))
	for _, c := range []struct{ what, want, got string }{
		{"kind of contact", "SECURITY", organization.ContactType("security")},
		{"path of parameters", "/acme/dev/", org.ParameterPath("dev")},
		{"sign-in address", "https://acme-dev.signin.aws.amazon.com/console", organization.SignInURL(org.Alias("dev"))},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, not %q", c.what, c.got, c.want)
		}
	}
}

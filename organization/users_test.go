package organization_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/coldstart-aws/coldstart/organization"
)

// newKey makes an OpenPGP key, as it was made at a time and for so long; 0 for
// ever.
func newKey(t *testing.T, at time.Time, lifetime time.Duration) *openpgp.Entity {
	t.Helper()
	entity, err := openpgp.NewEntity("Ada", "", "ada@acme.example", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return at }, KeyLifetimeSecs: uint32(lifetime.Seconds()),
	})
	if err != nil {
		t.Fatal(err)
	}
	return entity
}

// pgpKey returns a public key in base64, after a change.
func pgpKey(t *testing.T, change func(*openpgp.Entity)) string {
	t.Helper()
	entity := newKey(t, time.Now(), 0)
	if change != nil {
		change(entity)
	}
	return public(t, entity)
}

func public(t *testing.T, entity *openpgp.Entity) string {
	t.Helper()
	var b bytes.Buffer
	if err := entity.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func TestPGPKeys(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var private bytes.Buffer
	if err := newKey(t, now, 0).SerializePrivate(&private, nil); err != nil {
		t.Fatal(err)
	}
	revoked := pgpKey(t, func(e *openpgp.Entity) {
		if err := e.RevokeKey(packet.KeyCompromised, "stolen", nil); err != nil {
			t.Fatal(err)
		}
	})
	const unusable = "nothing can be encrypted with it: it has expired, was revoked, or is for signing only"
	for _, c := range []struct{ name, key, want string }{
		{"not base64", "-----BEGIN PGP PUBLIC KEY BLOCK-----", "it is not base64"},
		{"name of Keybase's", "keybase:ada", "it is not base64"},
		{"not a key", base64.StdEncoding.EncodeToString([]byte("ssh-ed25519 AAAA ada")), "it is not an OpenPGP key"},
		{"half a key", pgpKey(t, nil)[:80], "it is not an OpenPGP key"},
		{"private key", base64.StdEncoding.EncodeToString(private.Bytes()), "it is a private key, which belongs in no file: replace that key"},
		{"expired key", public(t, newKey(t, now.Add(-48*time.Hour), 24*time.Hour)), unusable},
		{"key for signing", pgpKey(t, func(e *openpgp.Entity) { e.Subkeys = nil }), unusable},
		{"revoked key", revoked, unusable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			content := file("coldstart:users:\n  ada:\n    pgpKey: '" + c.key + "'")
			checkMessage(t, content, ":4: coldstart:users.ada.pgpKey: "+c.want+"; write what `gpg --export <address> | base64 -w0` prints")
			_, err := organization.Parse("f", content)
			if strings.Contains(err.Error(), c.key[:10]) {
				t.Errorf("the message has the key: %v", err)
			}
		})
	}
	key := pgpKey(t, nil)
	for name, keys := range map[string]string{
		"on one line":     "    pgpKey: " + key,
		"broken in lines": "    pgpKey: |\n      " + key[:64] + "\n      " + key[64:],
		"folded":          "    pgpKey: >-\n      " + key,
		"still valid":     "    pgpKey: " + public(t, newKey(t, now.Add(-48*time.Hour), 72*time.Hour)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parse(t, file("coldstart:users:\n  ada:\n"+keys))
		})
	}
}

// TestUserRules breaks each rule of coldstart:users once.
func TestUserRules(t *testing.T) {
	t.Parallel()
	key, long := pgpKey(t, nil), strings.Repeat("u", 65)
	const userRemedy = "write up to 64 letters, digits and +=,.@_-"
	const twins = "coldstart:accounts: {a-b: {}, a: {}}\ncoldstart:access: {roles: {c: {managedPolicies: [A]}, b-c: {managedPolicies: [A]}}}\n"
	for _, c := range []struct{ name, keys, want string }{
		{"user with a space", `coldstart:users: {Ada L: {}}`, `:2: coldstart:users.Ada L: "Ada L" is not a user's name; ` + userRemedy},
		{"user with an umlaut", `coldstart:users: {jürgen: {}}`, `:2: coldstart:users.jürgen: "jürgen" is not a user's name; ` + userRemedy},
		{"user without a name", `coldstart:users: {"": {}}`, `:2: coldstart:users.: "" is not a user's name; ` + userRemedy},
		{"user with too long a name", `coldstart:users: {` + long + `: {}}`, `:2: coldstart:users.` + long + `: "` + long + `" is not a user's name; ` + userRemedy},
		{
			"users who differ in case", "coldstart:users:\n  ada: {}\n  Ada: {}",
			`:3: coldstart:users.ada: IAM takes "Ada" and "ada" for the same; choose another name`,
		},
		{
			"unknown group", "coldstart:users:\n  ada.l:\n    groups: [owners]",
			`:4: coldstart:users.ada.l.groups: unknown group "owners"; declare it under coldstart:access.groups, or write <account>-<role>, such as master-readonly`,
		},
		{
			"unknown account's group", "coldstart:accounts: {prod: {}}\ncoldstart:users: {ada: {groups: [prod-amdin, prd-readonly]}}",
			":3: coldstart:users.ada.groups: unknown group \"prod-amdin\"; did you mean prod-admin?\n" +
				`:3: coldstart:users.ada.groups: unknown group "prd-readonly"; did you mean prod-readonly?`,
		},
		{
			"group of a role that the account lacks", "coldstart:accounts: {prod: {}}\ncoldstart:access: {roles: {money: {managedPolicies: [A], accounts: [master]}}}\ncoldstart:users: {ada: {groups: [prod-money]}}",
			`:4: coldstart:users.ada.groups: unknown group "prod-money"; declare it under coldstart:access.groups, or write <account>-<role>, such as master-readonly`,
		},
		{
			"group of two meanings", twins + "coldstart:users: {ada: {groups: [a-b-c]}}",
			`:4: coldstart:users.ada.groups: "a-b-c" means several accounts and roles; declare a group under coldstart:access.groups that says which`,
		},
		{
			"group twice", `coldstart:users: {ada: {groups: [master-admin, master-readonly, master-admin]}}`,
			`:2: coldstart:users.ada.groups: "master-admin" stands there twice; keep one of them`,
		},
		{
			"eleven groups", "coldstart:accounts: " + accountsNamed(11) + "\ncoldstart:users:\n  ada:\n    groups: [" + adminOf(11) + "]",
			`:5: coldstart:users.ada.groups: 12 groups with the one of all users, over the 10 that IAM allows a user; grant several accounts by one group: coldstart:access.groups: {engineers: {dev: [admin], prod: [readonly]}}`,
		},
		{
			"both kinds of keys", "coldstart:users:\n  ada:\n    keybase: ada\n    pgpKey: " + key,
			`:5: coldstart:users.ada.pgpKey: the password is encrypted with one key; keep one of the two`,
		},
		{
			"Keybase name with its prefix", `coldstart:users: {ada: {keybase: "keybase:ada"}}`,
			`:2: coldstart:users.ada.keybase: "keybase:ada" is not a Keybase name; write the name alone, such as alice`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkMessage(t, file(c.keys), c.want)
		})
	}
}

// adminOf returns the admin groups of so many accounts of accountsNamed.
func adminOf(n int) string {
	var groups []string
	for i := range n {
		groups = append(groups, fmt.Sprintf("account-%d-admin", i+10))
	}
	return strings.Join(groups, ", ")
}

// TestUserBounds accepts what is unusual and right.
func TestUserBounds(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{
		"all characters": `coldstart:users: {"Ada+=,.@_-1": {groups: [master-admin]}}`,
		"longest name":   "coldstart:users: {" + strings.Repeat("u", 64) + ": ~}",
		"nine groups":    "coldstart:accounts: " + accountsNamed(9) + "\ncoldstart:users: {ada: {groups: [" + adminOf(9) + "]}}",
		"no groups":      "coldstart:users: {ada: {groups: []}}",
		"keybase":        "coldstart:users: {ada: {keybase: ada_2}}",
		"no keys":        `coldstart:users: {ada: {keybase: "", pgpKey: ""}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parse(t, file(keys))
		})
	}
}

// TestCountsOfUsers are IAM's for an account.
func TestCountsOfUsers(t *testing.T) {
	t.Parallel()
	several := func(n int, groups func(i int) []string) *organization.Organization {
		org := parse(t, file("coldstart:accounts: "+accountsNamed(500)))
		for i := range n {
			org.Users[fmt.Sprintf("u%d", i)] = organization.User{Groups: groups(i)}
		}
		return org
	}
	none := func(int) []string { return nil }
	own := func(i int) []string { return []string{fmt.Sprintf("account-%d-admin", i+10)} }
	for name, c := range map[string]struct {
		org  *organization.Organization
		want string
	}{
		"as many users as there can be":  {several(5000, none), ""},
		"a user more":                    {several(5001, none), "coldstart:users: 5001 users, over the 5000 that IAM allows an account; let people in by an identity provider"},
		"as many groups as there can be": {several(499, own), ""},
		"a group more": {
			several(500, own),
			"coldstart:users: 501 groups, over the 500 that IAM allows an account; declare groups that grant several accounts under coldstart:access.groups, and put users into those",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := c.org.Validate(); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/organization"
)

// people declares everything about access, guardrails and settings. KEY is a placeholder for
// bob's public key.
const people = `
config:
  coldstart:namespace: q
  coldstart:domain: q.example.org
  coldstart:region: ap-southeast-2
  coldstart:email: q-%s@example.org
  coldstart:units:
    core: { guardrails: [deny-root-user] }
    apps: {}
    inner apps: { parent: apps, guardrails: [no-lightsail] }
  coldstart:accounts:
    hub: { unit: core }
    shop: { unit: inner apps, network: 10.1.0.0/16 }
    lab: { guardrails: [quarantine] }
  coldstart:audit: none
  coldstart:image: { registry: ecr, push: true }
  coldstart:organization:
    delegatedAdministrators: { config-multiaccountsetup.amazonaws.com: hub }
  coldstart:access:
    account: hub
    mfaMaxAge: 90m
    roles:
      admin: { session: 4h }
      cost.: {}
      billing: { managedPolicies: [job-function/Billing], accounts: [master] }
      deploy:
        accounts: [shop]
        session: 12h
        statements:
          - { Effect: Allow, Action: "s3:*", Resource: ["arn:aws:s3:::shop-*", "arn:aws:s3:::shop-*/*"] }
          - { Effect: Allow, Action: ["iam:PassRole"], Resource: "arn:aws:iam::*:role/shop-task" }
        boundary:
          - { Sid: All, Effect: Allow, Action: "*", Resource: "*" }
          - { Effect: Deny, NotAction: ["s3:*", "iam:PassRole"], Resource: "*", Condition: { Bool: { "aws:ViaAWSService": "false" } } }
    groups:
      everybody: { "*": [readonly], shop: [deploy], master: [billing] }
    github: { repository: q-corp/infra.live, branch: release/1.x, environment: production }
  coldstart:users:
    Ada.Lovelace@q: { groups: [everybody, hub-admin, master-admin] }
    bob: { groups: [everybody], pgpKey: "KEY" }
    carol: {}
  coldstart:guardrails:
    root: [deny-leaving]
    regions: [ap-southeast-2, us-east-1]
    policies:
      no-lightsail: [{ Effect: Deny, Action: "lightsail:*", Resource: "*" }]
  coldstart:baseline:
    alias: q-corp-%s
    passwords: { minimumLength: 20, symbols: false, reuse: 0, maxAgeDays: 90 }
    contacts:
      billing: { name: Ann, title: CFO, email: ann@q.example.org, phone: "+61 (0)2 5550-1234" }
      security: { name: "Öln Ünal", title: "Head of Security", email: sec@q.example.org, phone: "5550 1234" }
`

// TestAccess creates everything about people, reads it back, uses it, and takes some of it away
// again.
func TestAccess(t *testing.T) {
	begin(t)
	bob := newKey(t)
	declared := strings.NewReplacer("      cost.: {}\n", "", "KEY", publicKey(t, bob)).Replace(people)
	w := newWorld(t, declared)
	w.up()
	w.proved()
	w.unchanged()
	w.undrifted()

	outputs, err := w.automation().Outputs(context.Background(), "hub", organization.Master)
	must(t, err)
	users := outputs["hub"]["users"].(map[string]any)
	if password := decrypt(t, bob, users["bob"].(map[string]any)["decryptPassword"].(string)); len(password) != 32 {
		t.Errorf("bob's first password has %d characters", len(password))
	}
	if _, has := users["carol"].(map[string]any)["decryptPassword"]; has {
		t.Error("carol has a password and no key")
	}
	hub := outputs["hub"]["accountId"].(string)
	contains(t, w.ok(coldstart(), "aws-config", "--user", "bob"), " --mfa-device arn:aws:iam::"+hub+":mfa/bob --max-age 1h30m0s\n",
		"[profile q-shop-deploy]", "duration_seconds = 43200", "[profile q-master-billing]", "[profile q-lab-readonly]")
	contains(t, w.ok(coldstart(), "access"), "environment production", "MFA in the last 1h30m", "job-function/Billing")

	// Bob creates an access key and an MFA device for himself. Then his declaration is removed.
	client := w.iam(hub)
	w.equip(client, "bob")
	before, rest, _ := strings.Cut(declared, "    bob:")
	_, after, _ := strings.Cut(rest, "\n")
	w.declare(strings.Replace(before+after, "guardrails: [quarantine]", "guardrails: []", 1))
	w.up()
	_, err = client.GetUser(context.Background(), &iam.GetUserInput{UserName: aws.String("bob")})
	if missing := (*iamtypes.NoSuchEntityException)(nil); !errors.As(err, &missing) {
		t.Errorf("bob is still there: %v", err)
	}
	w.proved()
	w.unchanged()
}

// TestAccessRefused checks that an invalid name of a role and a user in too many groups are
// refused before anything runs.
func TestAccessRefused(t *testing.T) {
	begin(t)
	groups := "[hub-admin, shop-admin, lab-admin, master-admin, hub-readonly, shop-readonly, lab-readonly, master-readonly, everybody, shop-deploy, master-billing]"
	w := newWorld(t, strings.NewReplacer("KEY", "bm9uZQ==", "carol: {}", "carol: {groups: "+groups+"}").Replace(people))
	out, err := w.run(coldstart(), "up", "--yes")
	if err == nil {
		t.Error("it went on")
	}
	contains(t, out, "coldstart:access.roles.cost.", "12 groups with the one of all users, over the 10 that IAM allows a user", "grant several accounts by one group",
		"coldstart:users.bob.pgpKey: it is not an OpenPGP key", "gpg --export")
	if len(w.accounts()) != 0 {
		t.Error("accounts were created")
	}
}

// iam returns a client that works in a member account.
func (w *world) iam(accountID string) *iam.Client {
	cfg := w.emulator.Config("us-east-1")
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), organization.RoleARN(accountID, organization.AccessRole)))
	return iam.NewFromConfig(cfg)
}

func newKey(t testing.TB) *openpgp.Entity {
	t.Helper()
	key, err := openpgp.NewEntity("Bob", "", "bob@example.org", nil)
	must(t, err)
	return key
}

func publicKey(t testing.TB, key *openpgp.Entity) string {
	t.Helper()
	var b bytes.Buffer
	must(t, key.Serialize(&b))
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// decrypt does the same as the command in the output, and returns the password.
func decrypt(t *testing.T, key *openpgp.Entity, command string) string {
	t.Helper()
	encrypted, ok := strings.CutPrefix(command, "echo ")
	encrypted, rest, _ := strings.Cut(encrypted, " | ")
	if !ok || rest != "base64 --decode | gpg --decrypt" {
		t.Fatalf("the command is %q", command)
	}
	raw, err := base64.StdEncoding.DecodeString(encrypted)
	must(t, err)
	message, err := openpgp.ReadMessage(bytes.NewReader(raw), openpgp.EntityList{key}, nil, nil)
	must(t, err)
	password, err := io.ReadAll(message.UnverifiedBody)
	must(t, err)
	return string(password)
}

package organization_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/coldstart-aws/coldstart/organization"
)

var (
	salted = organization.Encryption{Salt: "v1:cavY=:v1:FnH9:xfTC=="}
	keyed  = organization.Encryption{Provider: "awskms:///arn:aws:kms:us-west-2:111111111111:key/1?region=us-west-2", Key: "AQ+/=="}
)

const (
	saltLine = "encryptionsalt: v1:cavY=:v1:FnH9:xfTC==\n"
	keyLines = "secretsprovider: awskms:///arn:aws:kms:us-west-2:111111111111:key/1?region=us-west-2\nencryptedkey: AQ+/==\n"
)

// TestSetEncryption changes the lines that say how secrets are encrypted, and no others.
func TestSetEncryption(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before string
		set    organization.Encryption
		want   string
	}{
		"empty":             {"", salted, saltLine},
		"comment":           {"# none\n", salted, "# none\n" + saltLine},
		"config":            {"# A.\nconfig:\n    a:b: { c: 0123 }\n\n    # end\n", salted, "# A.\nconfig:\n    a:b: { c: 0123 }\n\n    # end\n" + saltLine},
		"no final newline":  {"config: {a:b: c}", keyed, "config: {a:b: c}\n" + keyLines},
		"end of document":   {"# A.\n---\nconfig:\n  a:b: c\n...\n", salted, "# A.\n---\n" + saltLine + "config:\n  a:b: c\n...\n"},
		"block at the end":  {"# A.\nconfig:\n  a:b: |\n    c", salted, "# A.\n" + saltLine + "config:\n  a:b: |\n    c"},
		"salt to key":       {saltLine + "config:\n  a:b: c # d\n", keyed, "config:\n  a:b: c # d\n" + keyLines},
		"key to salt":       {"config:\n  a:b: c\n" + keyLines, salted, "config:\n  a:b: c\n" + saltLine},
		"other salt":        {"encryptionsalt: \"v1:old\" # old\nconfig: {}\n", salted, saltLine + "config: {}\n"},
		"provider":          {"secretsprovider: passphrase\nconfig: {}\n", organization.Encryption{Provider: "passphrase", Salt: salted.Salt}, "secretsprovider: passphrase\nconfig: {}\n" + saltLine},
		"same":              {"config: {}\n" + saltLine + "# end\n", salted, "config: {}\n" + saltLine + "# end\n"},
		"byte order mark":   {"\ufeffconfig: {}\n", salted, "\ufeffconfig: {}\n" + saltLine},
		"key named as ours": {"config:\n  a:b:\n    encryptionsalt: x\n", salted, "config:\n  a:b:\n    encryptionsalt: x\n" + saltLine},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, newline := range []string{"\n", "\r\n"} {
				if !strings.Contains(c.before, "\n") && newline == "\r\n" {
					continue
				}
				got, err := organization.SetEncryption("f", []byte(strings.ReplaceAll(c.before, "\n", newline)), c.set)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(strings.ReplaceAll(c.want, "\n", newline), string(got)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if e, err := organization.EncryptionOf("f", got); err != nil || e != c.set || !e.Complete() {
					t.Errorf("got %+v (%v)", e, err)
				}
			}
		})
	}
	// A text that ends in the first column, before the end of the document.
	if got, err := organization.SetEncryption("f", []byte("config:\n  other:z: '\n'\n...\n"), salted); err != nil || !strings.HasSuffix(string(got), "\n...\n") {
		t.Errorf("got %s and %v", got, err)
	}
	for _, content := range []string{"{config: {}}\n", "config: {}\n\"encryptionsalt\": x\n", "config: {}\nencryptionsalt: >-\n  v1:old\n"} {
		if got, err := organization.SetEncryption("f", []byte(content), salted); err == nil || !strings.Contains(err.Error(), "f is written in a way") {
			t.Errorf("got %s and %v", got, err)
		}
	}
	for _, e := range []organization.Encryption{{}, {Provider: "passphrase"}, {Provider: keyed.Provider}, {Provider: keyed.Provider, Salt: "x"}} {
		if e.Complete() {
			t.Errorf("%+v is complete", e)
		}
	}
}

// TestPulumiLeavesTheFile checks that Pulumi has no reason to write a file anew that has an
// encryption, and that the file says nothing else than before.
func TestPulumiLeavesTheFile(t *testing.T) {
	t.Parallel()
	done := 0
	rapid.Check(t, func(t *rapid.T) {
		before := []byte(anyFile().Draw(t, "file"))
		want, err := organization.Parse("f", before)
		if err != nil {
			return
		}
		e := rapid.SampledFrom([]organization.Encryption{salted, keyed}).Draw(t, "encryption")
		after, err := organization.SetEncryption("f", before, e)
		if err != nil {
			t.Fatalf("%v\n%s", err, before)
		}
		done++
		stack, err := pulumiReads(after)
		if err != nil || stack.SecretsProvider != e.Provider || stack.EncryptedKey != e.Key || stack.EncryptionSalt != e.Salt {
			t.Errorf("Pulumi reads %+v (%v) from\n%s", stack, err, after)
		}
		got, err := organization.Parse("f", after)
		if err != nil {
			t.Fatalf("%v\n%s", err, after)
		}
		if diff := cmp.Diff(want, got, equal...); diff != "" {
			t.Errorf("(-before +after)\n%s", diff)
		}
		if again, err := organization.SetEncryption("f", after, e); err != nil || !bytes.Equal(again, after) {
			t.Errorf("a second time changes (%v)\n%s\nto\n%s", err, after, again)
		}
	})
	if done == 0 {
		t.Error("no file was valid")
	}
}

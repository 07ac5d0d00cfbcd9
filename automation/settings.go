package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/internal/replace"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// Pulumi keeps in Pulumi.<stack>.yaml how a stack's secrets are encrypted. Where that isn't
// said, a command that needs it (stack init, preview, up, refresh, destroy, import) asks for
// it or makes it up, and writes the whole file anew: comments move, merge keys are gone, and
// values come out as Pulumi has read them. So coldstart adds the lines before Pulumi looks.
// docs/adr/0034-the-file-is-read-once-and-never-rewritten.md

// settingsFile returns a stack's configuration file in a project's folder.
func settingsFile(dir, stack string) string {
	return filepath.Join(dir, "Pulumi."+stack+".yaml")
}

// readSettings returns the content of a stack's configuration file, which needn't exist, and
// how it says that secrets are encrypted.
func readSettings(file string) ([]byte, organization.Encryption, error) {
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, organization.Encryption{}, err
	}
	e, err := organization.EncryptionOf(filepath.Base(file), content)
	return content, e, err
}

// writeEncryption puts how secrets are encrypted into a stack's configuration file, and leaves
// all else in it as it is.
func writeEncryption(file string, e organization.Encryption) error {
	content, now, err := readSettings(file)
	if err != nil || now == e {
		return err
	}
	if content, err = organization.SetEncryption(filepath.Base(file), content, e); err != nil {
		return err
	}
	if err := replace.File(file, content); err != nil {
		return fmt.Errorf("writing how secrets are encrypted: %w", err)
	}
	return nil
}

// create creates the stack in the backend that env names, with a secrets provider if one is
// given. Pulumi does so in a folder of its own, where it may write what it likes.
func (s *stack) create(ctx context.Context, dir string, env map[string]string, secrets string) error {
	scratch, err := os.MkdirTemp("", "coldstart-init-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	file := settingsFile(dir, s.name)
	_, asked, err := readSettings(file)
	if err != nil {
		return err
	}
	project, err := os.ReadFile(filepath.Join(dir, "Pulumi.yaml"))
	if err == nil {
		err = os.WriteFile(filepath.Join(scratch, "Pulumi.yaml"), project, 0o600)
	}
	if err == nil {
		err = writeEncryption(settingsFile(scratch, s.name), asked)
	}
	if err != nil {
		return fmt.Errorf("making a folder to create the stack in: %w", err)
	}
	if err := s.init(ctx, scratch, env, secrets); err != nil {
		return err
	}
	_, made, err := readSettings(settingsFile(scratch, s.name))
	if err != nil {
		return err
	}
	return writeEncryption(file, made)
}

// keepSettings writes how secrets are encrypted into the configuration file of a stack that
// exists, if the file doesn't say so: it comes from a fresh clone, or coldstart was killed when
// the stack had just been created. The state knows.
func (s *stack) keepSettings(ctx context.Context) error {
	file := settingsFile(s.a.options.Dir, s.name)
	_, now, err := readSettings(file)
	if err != nil || now.Complete() {
		return err
	}
	d, err := s.asKept(ctx, s.a.options.Env)
	if err != nil || d == nil {
		return nil //nolint:nilerr // What only Pulumi can read is Pulumi Cloud's, which encrypts without a line in the file.
	}
	e, err := encryptionIn(d)
	if err != nil || !e.Complete() {
		return err
	}
	return writeEncryption(file, e)
}

// encryptionIn returns how a state's secrets are encrypted.
func encryptionIn(d *apitype.DeploymentV3) (e organization.Encryption, err error) {
	if d.SecretsProviders == nil {
		return e, nil
	}
	var state struct{ Salt, URL, EncryptedKey string }
	switch d.SecretsProviders.Type {
	case "passphrase", "cloud":
		if err := json.Unmarshal(d.SecretsProviders.State, &state); err != nil {
			return e, fmt.Errorf("reading how the state's secrets are encrypted: %w", err)
		}
	}
	return organization.Encryption{Provider: state.URL, Key: state.EncryptedKey, Salt: state.Salt}, nil
}

// CreateStacks creates the stacks that the backend doesn't have, without resources, for those
// who run plain Pulumi: `pulumi stack init` would write Pulumi.master.yaml anew. It writes how
// their secrets are encrypted into each Pulumi.<stack>.yaml, also of stacks that exist, and
// returns the names of those that it has created. No stacks means all of them.
func (a *Automation) CreateStacks(ctx context.Context, stacks ...string) (created []string, err error) {
	selected, err := a.selected(stacks)
	if err != nil {
		return nil, err
	}
	existing, err := a.existing(ctx)
	if err != nil {
		return nil, err
	}
	common := &shared{live: stackref.NewLive(), events: newQueue(a.listener())}
	defer common.events.close()
	if err := a.elsewhere(ctx, existing, common); err != nil {
		return nil, err
	}
	for _, each := range selected {
		s := a.stack(each, common)
		s.exists = existing[each.Name]
		if err := s.createOnce(ctx); err != nil {
			return created, fmt.Errorf("creating stack %s: %w", each.Name, err)
		}
		if !s.exists {
			created = append(created, each.Name)
		}
	}
	return created, nil
}

// createOnce creates the stack if the backend doesn't have it.
func (s *stack) createOnce(ctx context.Context) error {
	ctx, release, err := s.exclusive(ctx)
	if err != nil {
		return err
	}
	defer release()
	if s.exists {
		return s.keepSettings(ctx)
	}
	return s.create(ctx, s.a.options.Dir, s.a.options.Env, s.a.options.SecretsProvider)
}
